// A grid of any length: it holds the rows around what is seen and asks the server for the next ones as one scrolls.
const ROW = 26;
const LEAST = 80; // of a column that shares what is left
const GOOD = 120; // so wide it says something; where there is less, columns of lesser use go
const HEIGHT_MAX = 8_000_000; // browsers end elements somewhere above; beyond, a pixel stands for several rows
const SIGNS = { ok: "✓", warning: "▲", error: "✕", info: "●", muted: "–" };

export function render({ model }) {
  const root = element("div", "table");
  const scroller = element("div", "scroller");
  const grid = element("div", "grid");
  const head = element("div", "row head");
  const body = element("div", "body");
  const blank = element("div", "blank");
  scroller.tabIndex = 0;
  grid.setAttribute("role", "grid");
  head.setAttribute("role", "row");
  body.setAttribute("role", "rowgroup");
  const headGroup = element("div", "headgroup");
  headGroup.setAttribute("role", "rowgroup");
  headGroup.append(head);
  grid.append(headGroup, body);
  scroller.append(grid);
  root.append(scroller, blank);

  let cursor = 0; // row that has the keyboard, counted in the whole
  let wanted = null;
  let timer = 0;

  const height = () => Math.min(model.total * ROW, HEIGHT_MAX);
  const room = () => Math.max(1, Math.floor((scroller.clientHeight - ROW) / ROW));
  const last = () => Math.max(0, model.total - room());
  const reach = () => Math.max(1, height() - room() * ROW);

  function firstSeen() {
    const share = scroller.scrollTop / reach();
    return height() < HEIGHT_MAX ? Math.floor(scroller.scrollTop / ROW) : Math.round(Math.min(1, share) * last());
  }

  let left = ""; // places of the columns for which there is room, as text
  const isLeft = (at) => left.split(" ").includes(String(at));

  // The columns for which there is room: those of lesser use go first.
  function fitting() {
    const found = model.head.map((each, at) => ({ ...each, at }));
    const width = () => found.reduce((sum, each) => sum + (each.width || GOOD), 0);
    const byUse = found.filter((each) => each.rare).sort((one, other) => other.rare - one.rare);
    while (byUse.length && width() > (scroller.clientWidth || Infinity)) found.splice(found.indexOf(byUse.shift()), 1);
    return found.map((each) => each.at).join(" ");
  }

  function drawHead() {
    left = fitting();
    const shown = model.head.filter((_, at) => isLeft(at));
    const widths = shown.map((each) => (each.width ? `${each.width}px` : `minmax(${LEAST}px, 1fr)`));
    grid.style.setProperty("--columns", widths.join(" "));
    grid.style.minWidth = `${shown.reduce((sum, each) => sum + (each.width || LEAST), 0)}px`;
    const held = [...head.children].findIndex((cell) => cell.contains(root.getRootNode().activeElement));
    head.replaceChildren(...shown.map(headCell));
    head.children[held]?.firstElementChild?.focus({ preventScroll: true });
  }

  function headCell(column) {
    const cell = element("div", `cell ${column.align}`);
    cell.setAttribute("role", "columnheader");
    const isSorted = model.sort === column.name;
    cell.setAttribute("aria-sort", isSorted ? (model.descending ? "descending" : "ascending") : "none");
    if (!column.sortable) {
      cell.textContent = column.title;
      return cell;
    }
    const button = element("button", "sort");
    button.append(column.title, isSorted ? (model.descending ? " ↓" : " ↑") : "");
    button.addEventListener("click", () => {
      model.send_msg({ kind: "sort", name: column.name, descending: isSorted ? !model.descending : column.align === "right" });
    });
    cell.append(button);
    return cell;
  }

  function draw() {
    body.style.height = `${height()}px`;
    grid.setAttribute("aria-label", model.label);
    grid.setAttribute("aria-rowcount", String(model.total + 1));
    blank.textContent = model.total ? "" : model.empty;
    blank.hidden = model.total > 0;
    scroller.classList.toggle("none", !model.total);
    const focused = root.getRootNode().activeElement;
    const held = body.contains(focused) ? focused.dataset.key : "";
    if (held) cursor = placeOf(held, cursor);
    drawRows();
    if (held && !body.contains(root.getRootNode().activeElement)) focusCursor();
  }

  function placeOf(key, otherwise) {
    const found = model.rows.find((row) => row[0] === key);
    return found ? found[4] : otherwise;
  }

  // Which row is read: the one that has the keyboard, or the first that is seen by whoever has scrolled.
  function read() {
    const focused = root.getRootNode().activeElement;
    if (body.contains(focused)) return focused;
    return scroller.scrollTop ? [...body.children].find((line) => Number(line.dataset.at) >= firstSeen()) : null;
  }

  // Tell the server, which then fetches the rows around it, however many have come before it.
  let telling = 0;
  function tellRead() {
    clearTimeout(telling);
    telling = setTimeout(() => {
      const key = read()?.dataset.key ?? "";
      if (key !== (grid.dataset.read ?? "")) model.send_msg({ kind: "hold", key });
      grid.dataset.read = key;
    }, 150);
  }

  // Rows that come on top do not push away what is read: whoever has scrolled, or walks them by keys, goes on
  // seeing the same.
  function hold() {
    const seen = read();
    if (!seen || height() >= HEIGHT_MAX) return;
    const before = Number(seen.dataset.at);
    const moved = placeOf(seen.dataset.key, before) - before;
    if (!moved) return;
    body.style.height = `${Math.max(height(), (model.rows.at(-1)[4] + 1) * ROW)}px`;
    scroller.scrollTop += moved * ROW;
  }

  // A row that stays is the same element, and is not touched where it says the same: a click of which the press falls
  // before an update and the release after it would be lost with the element.
  function drawRows() {
    const shift = height() < HEIGHT_MAX ? 0 : scroller.scrollTop - firstSeen() * ROW;
    const known = new Map([...body.children].map((line) => [line.dataset.key, line]));
    const lines = model.rows.map((row) => bodyRow(row, shift, known));
    const shown = new Set(lines);
    for (const line of [...body.children]) if (!shown.has(line)) line.remove();
    lines.forEach((line, index) => {
      if (body.children[index] !== line) body.insertBefore(line, body.children[index] ?? null);
    });
    stops();
  }

  // One row is reached by Tab: the one that has the keyboard, or the first that is seen where that one is far away.
  function stops() {
    const lines = [...body.children];
    const stop = lines.find((line) => Number(line.dataset.at) === cursor) ??
      lines.find((line) => Number(line.dataset.at) >= firstSeen());
    for (const line of lines) line.tabIndex = line === stop ? 0 : -1;
    scroller.tabIndex = stop ? -1 : 0;
  }

  function bodyRow([key, cells, marks, shares, at], shift, known) {
    const line = known.get(key) ?? element("div", "row");
    known.delete(key); // a key that comes twice has two elements
    line.setAttribute("role", "row");
    line.setAttribute("aria-rowindex", String(at + 2));
    line.setAttribute("aria-selected", String(key === model.chosen));
    line.dataset.key = key;
    line.dataset.at = String(at);
    line.style.transform = `translateY(${shift + at * ROW}px)`;
    const said = JSON.stringify([cells, marks, shares, model.head, left]);
    if (line.said !== said) {
      line.said = said;
      const made = cells.map((text, column) => isLeft(column) && bodyCell(text, marks[column], model.head[column], shares[column]));
      line.replaceChildren(...made.filter(Boolean));
    }
    return line;
  }

  function bodyCell(text, mark, column, share) {
    const cell = element("div", `cell ${column.align}${column.code ? " code" : ""}${mark ? ` mark is-${mark}` : ""}`);
    cell.setAttribute("role", "gridcell");
    if (mark) {
      const sign = element("span", "sign");
      sign.setAttribute("aria-hidden", "true");
      sign.textContent = SIGNS[mark] ?? "";
      cell.append(sign);
    }
    if (share) {
      cell.classList.add("share");
      cell.style.setProperty("--share", `${(100 * Math.min(1, Math.max(0.01, share))).toFixed(1)}%`);
    }
    cell.append(text);
    cell.title = text;
    return cell;
  }

  function ask() {
    const first = firstSeen();
    const seen = room();
    const isHere = first >= model.offset && first + seen <= model.offset + model.rows.length;
    if (height() >= HEIGHT_MAX) draw();
    if (isHere || model.offset + model.rows.length >= model.total && first >= model.offset) return;
    const offset = Math.max(0, first - seen);
    const limit = seen * 3;
    if (wanted && wanted.offset === offset && wanted.limit === limit) return;
    wanted = { offset, limit };
    clearTimeout(timer);
    timer = setTimeout(() => model.send_msg({ kind: "window", ...wanted }), 40);
  }

  function focusCursor() {
    (body.querySelector(`[data-at="${cursor}"]`) ?? scroller).focus({ preventScroll: true });
  }

  function moveTo(at) {
    cursor = Math.max(0, Math.min(model.total - 1, at));
    const first = firstSeen();
    const target = cursor < first ? cursor : cursor >= first + room() ? cursor - room() + 1 : first;
    if (target !== first) scroller.scrollTop = height() < HEIGHT_MAX ? target * ROW : (target / last()) * reach();
    stops();
    focusCursor();
  }

  const steps = { ArrowDown: 1, ArrowUp: -1 };
  scroller.addEventListener("keydown", (event) => {
    if (event.target.closest?.(".head") || event.ctrlKey || event.metaKey || event.altKey) return;
    const line = event.target.closest?.(".body .row");
    if (line) cursor = Number(line.dataset.at);
    if (event.key in steps) moveTo(cursor + steps[event.key]);
    else if (event.key === "PageDown") moveTo(cursor + room());
    else if (event.key === "PageUp") moveTo(cursor - room());
    else if (event.key === "Home") moveTo(0);
    else if (event.key === "End") moveTo(model.total - 1);
    else if (event.key === "Enter" || event.key === " ") choose(body.querySelector(`[data-at="${cursor}"]`));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function choose(line) {
    if (line) model.send_msg({ kind: "choose", key: line.dataset.key });
  }

  body.addEventListener("click", (event) => {
    const line = event.target.closest(".row");
    if (!line) return;
    cursor = Number(line.dataset.at);
    choose(line);
  });
  scroller.addEventListener("scroll", () => { ask(); tellRead(); }, { passive: true });
  scroller.addEventListener("focusin", tellRead);
  scroller.addEventListener("focusout", tellRead);
  // Scroll to the row that Python names, once: whoever scrolls on is not called back.
  let revealed = -1;
  function reveal() {
    const at = model.reveal;
    if (at < 0 || at === revealed || at >= model.total || !scroller.clientHeight) return;
    revealed = cursor = at;
    const first = firstSeen();
    if (at >= first && at < first + room()) return;
    const target = Math.max(0, at - Math.floor(room() / 2));
    scroller.scrollTop = height() < HEIGHT_MAX ? target * ROW : (target / Math.max(1, last())) * reach();
    ask();
  }

  let seenHeight = 0;
  const sizes = new ResizeObserver(() => {
    if (scroller.clientHeight !== seenHeight) revealed = -1;
    seenHeight = scroller.clientHeight;
    if (fitting() !== left) {
      drawHead();
      draw();
    }
    reveal();
    ask();
  });
  sizes.observe(scroller);

  model.on(["head", "sort", "descending"], drawHead);
  model.on(["rows", "offset", "total", "empty", "label"], () => {
    wanted = null;
    hold();
    draw();
    reveal();
    ask();
  });
  model.on("reveal", () => {
    revealed = -1;
    reveal();
  });
  let chosen = model.chosen;
  model.on("chosen", () => {
    for (const line of body.children) line.setAttribute("aria-selected", String(line.dataset.key === model.chosen));
    if (!model.chosen) giveBack(chosen);
    chosen = model.chosen;
  });

  // What was opened is closed: the keyboard goes back to its row, unless it is elsewhere by now.
  function giveBack(key) {
    const before = document.activeElement;
    let tries = 100; // the browser takes the focus from what it no longer shows, a little later
    const look = () => {
      if (document.activeElement === document.body && scroller.clientHeight) {
        cursor = placeOf(key, cursor);
        stops();
        focusCursor();
      } else if (document.activeElement === before && tries-- > 0) setTimeout(look, 50);
    };
    look();
  }
  model.on("msg:custom", (message) => {
    if (message?.kind === "rewind") {
      cursor = 0;
      scroller.scrollTop = 0;
    }
  });
  model.on("remove", () => {
    clearTimeout(timer);
    clearTimeout(telling);
    sizes.disconnect();
  });
  drawHead();
  draw();
  return root;
}

function element(tag, classes) {
  const made = document.createElement(tag);
  made.className = classes;
  return made;
}
