// Small things that every part of the page is made of.

export function swatch(colour) {
  const mark = document.createElement("span");
  mark.className = `swatch ${colour}`;
  mark.setAttribute("aria-hidden", "true");
  return mark;
}

// Leaves an unchanged text alone: it may be selected, or be read aloud.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
