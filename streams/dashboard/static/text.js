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

// Items of a list, each with these texts in elements of its own. Keeps what is there already.
export function items(list, wanted, tag = "span") {
  while (list.children.length > wanted.length) list.lastChild.remove();
  wanted.forEach((texts, i) => {
    const item = list.children[i] ?? list.appendChild(document.createElement("li"));
    while (item.children.length > texts.length) item.lastChild.remove();
    texts.forEach((text, n) => setText(item.children[n] ?? item.appendChild(document.createElement(tag)), text));
  });
}
