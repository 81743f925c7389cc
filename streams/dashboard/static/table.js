// Rows of tables.

import { setText, swatch } from "./text.js";

const SPAN_ALL = 100; // as many as there are

// Rows of {mark, cells}; the first cell is the row's header. Keeps what is there already.
export function rows(body, wanted, empty) {
  const list = wanted.length || !empty ? wanted : [{ cells: [empty] }];
  while (body.rows.length > list.length) body.deleteRow(-1);
  list.forEach(({ mark = "", cells }, i) => {
    let row = body.rows[i];
    if (!row || row.dataset.mark !== mark || row.cells.length !== cells.length) {
      const made = newRow(mark, cells.length);
      if (row) row.replaceWith(made);
      else body.append(made);
      row = made;
    }
    cells.forEach((value, n) => setText(row.cells[n].lastChild, value));
    row.cells[0].colSpan = cells.length > 1 ? 1 : SPAN_ALL;
  });
}

function newRow(mark, length) {
  const row = document.createElement("tr");
  row.dataset.mark = mark;
  for (let n = 0; n < length; n += 1) {
    const cell = document.createElement(n ? "td" : "th");
    if (!n) cell.scope = "row";
    if (!n && mark) cell.append(swatch(mark));
    cell.append(document.createElement("span"));
    row.append(cell);
  }
  return row;
}
