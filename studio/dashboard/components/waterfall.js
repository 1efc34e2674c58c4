// A trace as a waterfall that can be walked: it takes the SVG that Python has drawn, and moves its rows.
// One file for notebooks (anywidget) and for the dashboard (Panel); no build step, nothing is loaded from anywhere.
//
// model: svg, selected (number of a span, 0 for none), hidden (spans that the picture leaves out), spans_max (what was
// asked for; raised by "show more"), followed ("message 12" or "cell NAME:LINE" of what was clicked), theme, height_max.

const STYLE = `
.wf { --ink: var(--jp-ui-font-color1, #24292f); --muted: color-mix(in srgb, var(--ink) 75%, transparent);
  --paper: var(--jp-layout-color1, #ffffff); --line: var(--jp-border-color2, #d8dee4); --focus: #0862cc;
  color: var(--ink); width: 100%;
  font: 13px var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", sans-serif); }
@media (prefers-color-scheme: dark) { .wf { --ink: var(--jp-ui-font-color1, #e6edf3);
  --muted: color-mix(in srgb, var(--ink) 75%, transparent); --paper: var(--jp-layout-color1, #14181d);
  --line: var(--jp-border-color2, #39424c); --focus: #4c9aff; } }
body[data-jp-theme-light=true] .wf { --focus: #0862cc; }
body[data-jp-theme-light=false] .wf { --focus: #4c9aff; }
.wf.light { --ink: #24292f; --muted: #5f6a75; --paper: #ffffff; --line: #d8dee4; --focus: #0862cc; }
.wf.dark { --ink: #e6edf3; --muted: #9aa6b2; --paper: #14181d; --line: #39424c; --focus: #4c9aff; }
.wf.light .studio-waterfall { --s-text: #24292f; --s-soft: #5f6a75; --s-line: #d8dee4; --s-back: #ffffff;
  --s-error: #cf222e; }
.wf.dark .studio-waterfall { --s-text: #e6edf3; --s-soft: #9aa6b2; --s-line: #39424c; --s-back: #14181d;
  --s-error: #ff7b72; }
.wf .scroll { overflow: auto; border-radius: 6px; background: var(--paper); }
.wf svg { display: block; width: 100% !important; min-width: 720px; max-width: 1150px !important; height: auto; }
.wf .row { cursor: pointer; outline: none; }
.wf .row .lane { fill: transparent; }
.wf .row:hover .lane { fill: var(--ink); fill-opacity: .06; }
.wf .row.selected .lane { fill: var(--focus); fill-opacity: .16; stroke: var(--focus); stroke-width: 1; }
.wf .row:focus-visible .lane { stroke: var(--focus); stroke-width: 2; }
.wf .fold { fill: var(--s-soft); font-size: 11px; text-anchor: middle; }
.wf .fold:hover { fill: var(--s-text); }
.wf .gone, .wf [hidden] { display: none !important; }
.wf .bar { display: flex; flex-wrap: wrap; gap: 4px; align-items: center; margin: 2px 0 4px; min-height: 28px; }
.wf button { font: inherit; font-size: 12px; color: var(--ink); background: var(--paper); border: 1px solid var(--line);
  border-radius: 5px; padding: 2px 8px; min-height: 24px; cursor: pointer; }
.wf button:hover { border-color: var(--muted); }
.wf button:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.wf button[disabled] { opacity: .5; cursor: default; }
.wf .hint { color: var(--muted); font-size: 12px; flex: 1 1 200px; min-width: 0; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.wf .detail { border: 1px solid var(--line); border-radius: 6px; padding: 8px 10px; margin-top: 6px; }
.wf .detail pre { margin: 0 0 6px; font: 12px/1.5 var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace);
  white-space: pre-wrap; overflow-wrap: anywhere; user-select: text; }
.wf .detail .acts { display: flex; flex-wrap: wrap; gap: 4px; }
`;

const SVG = "http://www.w3.org/2000/svg";
const UNITS = [[864e11, "d"], [36e11, "h"], [6e10, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
const FOLDED_MAX = 200;  // that a link holds
const FOLDED = { true: "▸", false: "▾" };

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.appendChild(made);
  return made;
}

// Round times within a stretch, each with its label, all in one unit.
function ticksOf(from, until, atMost) {
  const whole = until - from;
  const rough = whole / atMost;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const [scale, unit] = UNITS.find(([size]) => Math.max(whole, 1) >= size) || UNITS[UNITS.length - 1];
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= until; at += step) {
    found.push([at, `${Number((at / scale).toPrecision(6))} ${unit}`]);
  }
  return found;
}

// The rows of one drawing: which are folded away, which stretch of time is shown.
class Rows {
  constructor(svg, state) {
    this.svg = svg;
    this.state = state;
    const data = svg.dataset;
    Object.assign(this, { left: +data.left, right: +data.right, length: Math.max(1, +data.length),
      bottom: +data.bottom });
    this.height = svg.viewBox.baseVal.height;
    this.width = svg.viewBox.baseVal.width;
    this.items = [...svg.querySelectorAll("g[data-top]")].map((node) => this.itemOf(node));
    this.rows = this.items.filter((item) => item.span);
    this.bySpan = new Map(this.rows.map((item) => [item.span, item]));
    for (const row of this.rows) {
      const parent = this.bySpan.get(row.parent);
      if (parent && parent !== row) parent.hasParts = true;
    }
    svg.setAttribute("role", "tree");
    this.rows.forEach((row) => this.dress(row));
  }

  itemOf(node) {
    const { span, parent, owner, top, height, start, end, at } = node.dataset;
    return { node, span: +span || 0, parent: +parent || 0, owner: +owner || 0, top: +top, height: +height,
      start: +start, end: +end, at: +at, depth: +node.dataset.depth || 0, isShown: true };
  }

  // What takes the pointer, the keyboard and the triangle that folds.
  dress(row) {
    const { node } = row;
    const lane = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ class: "lane", x: 1, y: row.top, width: this.width - 2,
      height: row.height, rx: 3 })) lane.setAttribute(name, value);
    node.insertBefore(lane, node.firstChild);
    if (row.hasParts) {
      row.fold = element("text", { class: "fold", x: 6 + 12 * Math.min(row.depth, 10), y: row.top + row.height / 2,
        "aria-hidden": "true" }, node);
    }
    node.setAttribute("role", "treeitem");
    node.setAttribute("tabindex", "-1");
    node.setAttribute("aria-level", row.depth + 1);
    row.text = node.querySelector("title").textContent;
    const isCritical = node.querySelector(".critical") !== null;
    if (isCritical) row.text += "\non the critical path";
    node.setAttribute("aria-label", row.text.split("\n").join("; "));
  }

  // Rows below a folded one are hidden, and those outside the stretch of time; what follows moves up.
  arrange() {
    const { folded } = this.state;
    const [from, until] = this.stretch();
    const hidden = new Set();
    let shift = 0;
    for (const item of this.items) {
      const above = item.span ? item.parent : item.owner;
      const isFolded = item.span ? this.bySpan.has(above) && above !== item.span &&
        (hidden.has(above) || folded.has(above)) : hidden.has(above);
      if (isFolded && item.span) hidden.add(item.span);
      const isApart = item.span ? item.end < from || item.start > until : item.at < from || item.at > until;
      const isHidden = isFolded || isApart;
      item.isShown = !isHidden;
      item.node.classList.toggle("gone", isHidden);
      if (isHidden) shift += item.height;
      item.shift = shift;
      if (item.fold) {
        item.fold.textContent = FOLDED[folded.has(item.span)];
        item.node.setAttribute("aria-expanded", String(!folded.has(item.span)));
      }
    }
    this.total = shift;
    this.scale();
  }

  // Put everything at its place on the stretch of time that is shown.
  scale() {
    const [from, until] = this.stretch();
    const place = (at) => this.left + ((at - from) / (until - from)) * (this.right - this.left);
    const inside = (at) => Math.min(this.right, Math.max(this.left, place(at)));
    for (const item of this.items) {
      if (!item.isShown) continue;
      let dx = 0;
      if (item.span) this.scaleRow(item, from, until, inside);
      else dx = place(item.at) - (this.left + (item.at / this.length) * (this.right - this.left));
      item.node.setAttribute("transform", `translate(${dx.toFixed(1)} ${-item.shift})`);
    }
    this.drawTicks(from, until, place);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height - this.total}`);
    this.svg.querySelectorAll(".back").forEach((back) => back.setAttribute("height", this.height - this.total));
    this.svg.querySelectorAll(".legend, .more").forEach((part) =>
      part.setAttribute("transform", `translate(0 ${-this.total})`));
  }

  scaleRow(item, from, until, inside) {
    for (const bar of item.node.querySelectorAll("rect:not(.lane)")) {
      const x = Math.min(inside(item.start), this.right - 2);
      bar.setAttribute("x", x.toFixed(1));
      bar.setAttribute("width", Math.max(2, inside(item.end) - x).toFixed(1));
    }
    for (const path of item.node.querySelectorAll(".critical")) {
      const { start, end } = path.dataset;
      const y = Number(/V([\d.]+)/.exec(path.getAttribute("d"))[1]);
      const [a, b] = [inside(+start), Math.max(inside(+end), inside(+start) + 1)];
      path.setAttribute("d", `M${a.toFixed(1)} ${y - 3}V${y}H${b.toFixed(1)}V${y - 3}`);
      path.style.visibility = +end < from || +start > until ? "hidden" : "";
    }
    for (const dot of item.node.querySelectorAll(".dot")) {
      dot.setAttribute("cx", inside(+dot.dataset.at).toFixed(1));
      dot.style.visibility = +dot.dataset.at < from || +dot.dataset.at > until ? "hidden" : "";
    }
  }

  drawTicks(from, until, place) {
    const old = [...this.svg.querySelectorAll(".tick")];
    const parent = document.createElementNS(SVG, "g");
    parent.setAttribute("class", "tick");
    if (!old.length) return;
    const line = old[0].querySelector("line") || this.svg.querySelector(".tick line");
    const [top, textY] = [line.getAttribute("y1"), this.svg.querySelector(".tick text").getAttribute("y")];
    for (const [at, label] of ticksOf(from, until, 8)) {
      const x = place(at).toFixed(1);
      element("line", { class: "grid", x1: x, x2: x, y1: top, y2: this.bottom - this.total }, parent);
      element("text", { class: "soft middle", x, y: textY }, parent).textContent = label;
    }
    old[0].before(parent);
    for (const group of old) group.remove();
  }

  stretch() {
    const row = this.bySpan.get(this.state.zoomed);
    if (!row) return [0, this.length];
    const margin = Math.max((row.end - row.start) * 0.04, 1);
    return [Math.max(0, row.start - margin), Math.min(this.length, row.end + margin)];
  }

  shown() {
    return this.rows.filter((row) => row.isShown);
  }

  // Unfold what hides a span.
  uncover(span) {
    const seen = new Set();
    for (let row = this.bySpan.get(span); row && !seen.has(row.span); row = this.bySpan.get(row.parent)) {
      seen.add(row.span);
      this.state.folded.delete(row.parent);
    }
  }
}

// -- what is said of one span ---------------------------------------------------------------------------------------

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = html("textarea", { style: "position:fixed;opacity:0" }, document.body);
    area.value = text;
    area.select();
    const done = document.execCommand("copy");  // where the page may not use the clipboard directly
    area.remove();
    return done;
  }
}

// JupyterLab shows the cell: it hears the page in its frame by a message, and a widget in its own page by an event.
function showCell(node, cell, line) {
  const told = { source: "studio-dashboard", kind: "cell", cell, line: Number(line) };
  node.dispatchEvent(new CustomEvent("studio-cell", { bubbles: true, composed: true, detail: told }));
  if (window.parent !== window) window.parent.postMessage(told, "*");
}

function showDetail(box, row, acts) {
  box.replaceChildren();
  box.hidden = !row;
  if (!row) return;
  html("pre", {}, box, row.text);
  const bar = html("div", { class: "acts" }, box);
  const { message, cell, line } = row.node.dataset;
  const act = (text, run) => {
    const button = html("button", { type: "button" }, bar, text);
    button.addEventListener("click", () => run(button));
  };
  act(acts.isZoomed(row) ? "Show all times" : "Zoom to it", () => acts.zoom(row));
  act("Copy", async (button) => { button.textContent = (await copied(row.text)) ? "Copied" : "Cannot copy here"; });
  if (+message) act(`Message ${message}`, () => acts.follow(`message ${message}`));
  if (cell) act(`${cell}, line ${line}`, () => {
    acts.follow(`cell ${cell}:${line}`);
    showCell(box, cell, line);
  });
}

// -- the component --------------------------------------------------------------------------------------------------

function render({ model: given, el }) {
  const model = adapted(given);
  html("style", {}, el, STYLE);
  const root = html("div", { class: "wf" }, el);
  const bar = html("div", { class: "bar", role: "toolbar", "aria-label": "Waterfall" }, root);
  const scroll = html("div", { class: "scroll" }, root);
  const foot = html("div", { class: "bar" }, root);
  const detail = html("div", { class: "detail", role: "status" }, root);
  detail.hidden = true;
  const state = { folded: new Set(), zoomed: 0, rows: null, active: 0 };

  const button = (parent, text, run) => {
    const made = html("button", { type: "button" }, parent, text);
    made.addEventListener("click", run);
    return made;
  };
  button(bar, "Fold all", () => foldAll(true));
  button(bar, "Unfold all", () => foldAll(false));
  const unzoom = button(bar, "Show all times", () => zoom(null));
  const hint = html("span", { class: "hint" }, bar);
  const more = button(foot, "", () => {
    more.disabled = true;
    model.set("spans_max", (model.get("spans_max") || 400) + 400);
    model.save_changes();
  });

  const rowOf = (span) => state.rows && state.rows.bySpan.get(span);
  const acts = {
    isZoomed: (row) => state.zoomed === row.span,
    zoom: (row) => zoom(state.zoomed === row.span ? null : row),
    follow: (text) => {
      model.set("followed", "");
      model.set("followed", text);
      model.save_changes();
    },
  };
  const plain = "Arrow keys walk the spans, Enter opens one, z zooms to it, Escape goes back.";
  const tell = (row) => { hint.textContent = row ? row.text.split("\n").slice(0, 5).join(" · ") : plain; };

  function foldAll(isFolded) {
    if (!state.rows) return;
    state.folded = new Set(isFolded ? foldable() : []);
    state.rows.arrange();
    settle();
    keep();
  }

  const foldable = () => state.rows.rows.filter((row) => row.hasParts).map((row) => row.span);

  // What is folded and zoomed to is the model's, so that a link brings it back.
  function keep() {
    const all = foldable(), folded = all.filter((span) => state.folded.has(span));
    const text = folded.length && folded.length === all.length ? "all" : folded.slice(0, FOLDED_MAX).join(".");
    if (model.get("folded") === text && model.get("zoomed") === state.zoomed) return;
    model.set("folded", text);
    model.set("zoomed", state.zoomed);
    model.save_changes();
  }

  function take() {
    if (!state.rows) return;
    const text = model.get("folded") || "";
    state.folded = new Set(text === "all" ? foldable() : text.split(".").map(Number));
    state.zoomed = rowOf(model.get("zoomed")) ? model.get("zoomed") : 0;
    unzoom.disabled = !state.zoomed;
    state.rows.arrange();
    settle();
  }

  function fold(row, isFolded) {
    if (!row.hasParts) return;
    if (isFolded) state.folded.add(row.span); else state.folded.delete(row.span);
    state.rows.arrange();
    settle();
    keep();
  }

  function zoom(row) {
    state.zoomed = row ? row.span : 0;
    unzoom.disabled = !state.zoomed;
    if (!state.rows) return;
    state.rows.arrange();
    settle();
    showDetail(detail, rowOf(model.get("selected")), acts);
    keep();
  }

  // One row is reached by Tab: the active one, or the nearest that is shown.
  function settle() {
    const shown = state.rows.shown();
    if (!shown.some((row) => row.span === state.active)) state.active = shown.length ? shown[0].span : 0;
    for (const row of state.rows.rows) row.node.setAttribute("tabindex", row.span === state.active ? "0" : "-1");
  }

  function walk(row) {
    if (!row) return;
    state.active = row.span;
    settle();
    row.node.focus({ preventScroll: true });
    row.node.scrollIntoView({ block: "nearest" });
  }

  function choose(span) {
    model.set("selected", span === model.get("selected") ? 0 : span);
    model.save_changes();
    select();
  }

  function select() {
    if (!state.rows) return;
    const selected = model.get("selected") || 0;
    if (rowOf(selected) && !rowOf(selected).isShown) {
      state.rows.uncover(selected);
      state.rows.arrange();
      keep();
    }
    for (const row of state.rows.rows) {
      row.node.classList.toggle("selected", row.span === selected);
      row.node.setAttribute("aria-selected", String(row.span === selected));
    }
    if (rowOf(selected)) { state.active = selected; settle(); }
    showDetail(detail, rowOf(selected), acts);
  }

  function pressed(event, row) {
    const shown = state.rows.shown();
    const at = shown.indexOf(row);
    const isFolded = state.folded.has(row.span);
    const keys = {
      ArrowDown: () => walk(shown[at + 1]),
      ArrowUp: () => walk(shown[at - 1]),
      Home: () => walk(shown[0]),
      End: () => walk(shown[shown.length - 1]),
      ArrowRight: () => (row.hasParts && isFolded ? fold(row, false) : walk(shown[at + 1])),
      ArrowLeft: () => (row.hasParts && !isFolded ? fold(row, true) : walk(rowOf(row.parent))),
      Enter: () => choose(row.span),
      " ": () => choose(row.span),
      z: () => acts.zoom(row),
      Escape: () => (state.zoomed ? zoom(null) : model.get("selected") && choose(model.get("selected"))),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape" && !state.zoomed && !model.get("selected")) return;  // what is around has it, then
    keys[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }

  function listen(row) {
    row.node.addEventListener("click", (event) => {
      if (event.target === row.fold) fold(row, !state.folded.has(row.span));
      else { state.active = row.span; settle(); choose(row.span); }
    });
    row.node.addEventListener("dblclick", () => acts.zoom(row));
    row.node.addEventListener("keydown", (event) => pressed(event, row));
    row.node.addEventListener("mouseenter", () => tell(row));
    row.node.addEventListener("focus", () => tell(row));
    row.node.addEventListener("mouseleave", () => tell(null));
  }

  function draw() {
    const found = new DOMParser().parseFromString(model.get("svg") || "<svg/>", "image/svg+xml").documentElement;
    const hadFocus = scroll.contains(root.getRootNode().activeElement);
    const seen = [scroll.scrollLeft, scroll.scrollTop];
    scroll.replaceChildren();
    state.rows = null;
    if (!found.hasAttribute("viewBox")) return;
    scroll.appendChild(document.importNode(found, true));
    state.rows = new Rows(scroll.firstElementChild, state);
    state.rows.rows.forEach(listen);
    take();
    select();
    scroll.scrollTo(...seen);
    if (hadFocus && rowOf(state.active)) rowOf(state.active).node.focus({ preventScroll: true });
  }

  function cut() {
    const hidden = model.get("hidden") || 0;
    foot.hidden = !hidden;
    more.disabled = false;
    more.textContent = `${hidden} more ${hidden === 1 ? "span" : "spans"}: show ${Math.min(400, hidden)}`;
  }

  const themed = () => {
    root.classList.remove("light", "dark");
    if (model.get("theme")) root.classList.add(model.get("theme"));
  };
  const sized = () => { scroll.style.maxHeight = model.get("height_max") ? `${model.get("height_max")}px` : ""; };
  const changes = { svg: draw, selected: select, folded: take, zoomed: take, hidden: cut, theme: themed, height_max: sized, spans_max: cut };
  for (const [name, run] of Object.entries(changes)) model.on(`change:${name}`, run);
  for (const run of [themed, sized, draw, cut]) run();
  tell(null);
  const clean = () => { for (const [name, run] of Object.entries(changes)) model.off(`change:${name}`, run); };
  if (model.onRemove) model.onRemove(clean);
  else return clean;
}

export default { render };
