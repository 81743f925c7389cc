"""What runs beside the code: image, rules, dashboard, manifests."""
