// The service graph as a live picture: it takes the SVG that Python has drawn, and puts numbers and signs onto it.
// One script for notebooks (anywidget) and for the dashboard (Panel), put together of the files that `esm.py` names.
//
// model: svg, stats {edges, nodes}, selected (a data-key or data-edge, "" for none), theme ("", "light", "dark"),
// height_max (pixels). Whatever is shown as a text is worded by Python, so that table, label and aria say the same.

const SVG = "http://www.w3.org/2000/svg";
const STYLE = `
.sg { --ink: var(--jp-ui-font-color0, #24292f); --muted: color-mix(in srgb, var(--ink) 75%, transparent);
  --paper: var(--jp-layout-color0, #ffffff); --line: var(--jp-border-color2, #d8dee4); --bad: #cf222e; --warn: #8a5c00;
  --good: #187733; --focus: #0862cc; color: var(--ink); position: relative; width: 100%;
  font: 13px var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", sans-serif); }
@media (prefers-color-scheme: dark) { .sg { --ink: var(--jp-ui-font-color0, #e6edf3);
  --muted: color-mix(in srgb, var(--ink) 75%, transparent); --paper: var(--jp-layout-color0, #14181d);
  --line: var(--jp-border-color2, #39424c); --bad: #ff7b72; --warn: #d9a13b; --good: #4fb477; --focus: #4c9aff; } }
body[data-jp-theme-light=true] .sg { --bad: #cf222e; --warn: #8a5c00; --good: #187733; --focus: #0862cc; }
body[data-jp-theme-light=false] .sg { --bad: #ff7b72; --warn: #d9a13b; --good: #4fb477; --focus: #4c9aff; }
.sg.light, .sg.light .studio-drawing { --ink: #24292f; --muted: #5f6a75; --paper: #ffffff; --line: #d8dee4;
  --bad: #cf222e; --warn: #8a5c00; --good: #187733; --focus: #0862cc; color-scheme: light; }
.sg.light .studio-drawing { --service: #2f6fdb; --saga: #9a4fd6; --composition: #0f8a7e; --event: #c2690a;
  --external: #6b7684; }
.sg.dark, .sg.dark .studio-drawing { --ink: #e6edf3; --muted: #9aa6b2; --paper: #14181d; --line: #39424c;
  --bad: #ff7b72; --warn: #d9a13b; --good: #4fb477; --focus: #4c9aff; color-scheme: dark; }
.sg.dark .studio-drawing { --service: #6ea3ff; --saga: #c38cf0; --composition: #3fc1b3; --event: #eda04a;
  --external: #a3adb9; }
.sg .stage { overflow: hidden; border-radius: 6px; background: var(--paper); touch-action: pan-y; }
.sg .stage svg { display: block; width: 100%; height: 100%; cursor: grab; user-select: none; }
.sg .stage svg.dragged { cursor: grabbing; }
.sg .tools { position: absolute; top: 6px; right: 6px; display: flex; gap: 2px; }
.sg .tools button, .sg summary { font: inherit; color: var(--ink); }
.sg .tools button { min-width: 28px; height: 26px; border: 1px solid var(--line); border-radius: 5px;
  background: var(--paper); cursor: pointer; padding: 0 6px; }
.sg .tools button:hover { border-color: var(--muted); }
.sg .tools input { font: inherit; color: var(--ink); background: var(--paper); width: 150px; height: 26px;
  box-sizing: border-box; border: 1px solid var(--line); border-radius: 5px; padding: 0 6px; }
.sg .tools .told { align-self: center; color: var(--muted); background: var(--paper); font-size: 12px; padding: 0 4px; }
.sg .tools .told:empty, .sg .tools input[hidden] { display: none; }
.sg button:focus-visible, .sg .tools input:focus-visible, .sg summary:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.sg .way, .sg .part { cursor: pointer; outline: none; }
.sg .way .hit { stroke: transparent; stroke-width: 14; fill: none; pointer-events: stroke; stroke-dasharray: none; }
.sg .way .body { transition: stroke-width .3s ease, stroke .3s ease; }
.sg .studio-drawing .way.live .body { stroke-width: var(--width); }
.sg .studio-drawing .way.troubled .body, .sg .studio-drawing .way.troubled .head {
  stroke: color-mix(in srgb, var(--bad) var(--trouble), var(--tint)); }
.sg .way.silent .body, .sg .way.silent .head { opacity: .45; }
.sg .way:hover .body, .sg .way.selected .body { stroke-width: 4; }
.sg .way.selected .halo { stroke: var(--focus); stroke-width: 9; opacity: .45; }
.sg .way:focus-visible .halo { stroke: var(--focus); stroke-width: 9; }
.sg .part .ring { fill: none; stroke: none; stroke-width: 2.5; pointer-events: none; }
.sg .part:focus-visible .ring { stroke: var(--focus); }
.sg .part.found .ring { stroke: var(--focus); stroke-width: 3; stroke-dasharray: 6 3; }
.sg .part.selected .ring { stroke: var(--focus); stroke-width: 3.5; }
.sg .part:hover .outline { stroke-width: 2.4; }
.sg svg.choosing .way:not(.near):not(.selected), .sg svg.choosing .part:not(.near):not(.selected) { opacity: .35; }
.sg .tag { pointer-events: none; }
.sg .tag rect { fill: var(--paper); fill-opacity: .92; stroke: var(--line); stroke-width: .8; }
.sg .studio-drawing .tag text { font-size: 10px; text-anchor: middle; font-variant-numeric: tabular-nums; }
.sg .studio-drawing .tag .second { fill: var(--muted); }
.sg .studio-drawing .tag .bad, .sg .studio-drawing .badge.bad text { fill: var(--bad); font-weight: 600; }
.sg .tag.troubled rect { stroke: var(--bad); }
.sg .tag.crowded { display: none; }
.sg .tag.wanted { display: inline; }
.sg svg.choosing .tag:not(.wanted) { opacity: .25; }
.sg .badge rect { fill: var(--paper); stroke: var(--tint, var(--line)); stroke-width: 1; }
.sg .studio-drawing .badge text { font-size: 10px; text-anchor: middle; font-variant-numeric: tabular-nums; }
.sg .badge.bad rect { stroke: var(--bad); stroke-width: 1.4; }
.sg .badge.warn rect { stroke: var(--warn); stroke-width: 1.4; }
.sg .studio-drawing .badge.warn text { fill: var(--warn); font-weight: 600; }
.sg .badge .cut { fill: none; stroke: var(--bad); stroke-width: 1.5; } .sg .badge.warn .cut { stroke: var(--warn); }
.sg .badge .up { fill: var(--good); } .sg .badge .down { fill: none; stroke: var(--bad); stroke-width: 1.4; }
.sg .badge .bolt { fill: var(--bad); }
.sg .note { color: var(--muted); font-size: 12px; margin: 4px 2px; } .sg .stage:not([data-cut]) ~ .note { display: none; }
.sg details { margin-top: 4px; } .sg summary { cursor: pointer; color: var(--muted); font-size: 12px; }
.sg .scroll { max-height: 340px; overflow: auto; }
.sg table { border-collapse: collapse; width: 100%; font-size: 12px; font-variant-numeric: tabular-nums; }
.sg th, .sg td { text-align: left; padding: 2px 10px 2px 2px; border-bottom: 1px solid var(--line); font-weight: 400; }
.sg thead th { position: sticky; top: 0; background: var(--paper); color: var(--muted); }
.sg td.number { text-align: right; white-space: nowrap; }
.sg .sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (prefers-reduced-motion: reduce) { .sg .way .body { transition: none; } }
`;

function element(name, attributes = {}, parent = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (parent) parent.appendChild(made);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// -- the picture with everything on it ------------------------------------------------------------------------------

class Picture {
  constructor(svg, stage, camera, choose) {
    Object.assign(this, { svg, stage, camera, choose });
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-roledescription", "service graph");
    camera.take(svg);
    this.parts = [...svg.querySelectorAll(".part[data-key]")].map((node) => this.partOf(node));
    this.ways = [...svg.querySelectorAll(".way[data-edge]")].map((node) => this.wayOf(node));
    this.parts.sort((a, b) => Math.round((a.bounds.y - b.bounds.y) / 40) || a.bounds.x - b.bounds.x);
    placesOf(this.ways, this.parts);
    const layer = element("g", {}, svg);
    for (const way of this.ways) way.layer = layer;
    this.items = new Map([...this.parts, ...this.ways].map((item) => [item.key, item]));
    for (const group of [this.parts, this.ways]) if (group.length) this.rove(group, group[0], false);
  }

  boundsOf(node) {
    const box = node.getBBox();
    const matrix = this.svg.getScreenCTM().inverse().multiply(node.getScreenCTM());
    return { x: matrix.a * box.x + matrix.e, y: matrix.d * box.y + matrix.f,
      width: matrix.a * box.width, height: matrix.d * box.height };
  }

  partOf(node) {
    const outline = node.querySelector(".outline");
    const box = outline.getBBox();
    const shift = outline.transform.baseVal.consolidate();
    const at = { x: box.x + (shift ? shift.matrix.e : 0), y: box.y + (shift ? shift.matrix.f : 0),
      width: box.width, height: box.height };
    const ring = outline.cloneNode(false);
    ring.setAttribute("class", "ring");
    outline.after(ring);
    const title = node.querySelector("title");
    const said = title ? title.textContent : node.dataset.key;
    return this.prepare({ key: node.dataset.key, node, outline: at, bounds: this.boundsOf(node), said, kind: "node" });
  }

  wayOf(node) {
    const body = node.querySelector(".body");
    const hit = body.cloneNode(false);
    hit.setAttribute("class", "hit");
    node.insertBefore(hit, body);
    const matrix = this.svg.getScreenCTM().inverse().multiply(node.getScreenCTM());
    const said = node.querySelector("title").textContent;
    return this.prepare({ key: node.dataset.edge, node, offset: { x: matrix.e, y: matrix.f }, said, kind: "edge",
      bounds: this.boundsOf(node), source: node.dataset.source, target: node.dataset.target });
  }

  prepare(item) {
    const { node } = item;
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", "-1");
    node.setAttribute("aria-pressed", "false");
    node.setAttribute("aria-label", item.said);
    node.addEventListener("click", (event) => {
      event.stopPropagation();
      if (!this.stage.dataset.dragged) { this.rove(this.groupOf(item), item, false); this.choose(item.key); }
    });
    node.addEventListener("keydown", (event) => this.key(event, item));
    for (const name of ["mouseenter", "mouseleave", "focus", "blur"]) {
      node.addEventListener(name, () => this.want(item, name === "mouseenter" || name === "focus"));
    }
    return item;
  }

  groupOf(item) {
    return item.kind === "node" ? this.parts : this.ways;
  }

  // A label that had no room is shown while its line, or one of its ends, is looked at.
  want(item, isLookedAt) {
    for (const way of this.ways) {
      if (item !== way && item.key !== way.source && item.key !== way.target) continue;
      way.isWanted = isLookedAt || way.isNear;
      if (way.tag) way.tag.group.classList.toggle("wanted", way.isWanted);
    }
  }

  // One part and one line can be reached by Tab; arrows go on from there.
  rove(group, item, focus = true) {
    for (const other of group) other.node.setAttribute("tabindex", other === item ? "0" : "-1");
    if (focus) {
      item.node.focus({ preventScroll: true });
      this.camera.reveal(item.bounds);
    }
  }

  key(event, item) {
    if (event.key === "Enter" || event.key === " ") this.choose(item.key);
    else if (event.key === "Escape") this.choose("");
    else {
      const next = this.next(event.key, item);
      if (!next) return;
      this.rove(this.groupOf(next), next);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  next(key, item) {
    const group = this.groupOf(item);
    if (key === "Home") return group[0];
    if (key === "End") return group[group.length - 1];
    if (!key.startsWith("Arrow")) return null;
    if (item.kind === "edge") {
      const step = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
      return group[(group.indexOf(item) + step + group.length) % group.length];
    }
    return this.nearest(key, item);
  }

  nearest(key, item) {
    const centre = ({ bounds }) => [bounds.x + bounds.width / 2, bounds.y + bounds.height / 2];
    const [x, y] = centre(item);
    const along = key === "ArrowLeft" || key === "ArrowRight" ? 0 : 1;
    const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    let best = null, least = Infinity;
    for (const other of this.parts) {
      const away = centre(other).map((value, at) => value - [x, y][at]);
      if (other === item || away[along] * sign < 8) continue;
      const far = Math.abs(away[along]) + 2.5 * Math.abs(away[1 - along]);
      if (far < least) [best, least] = [other, far];
    }
    return best;
  }

  select(key) {
    const chosen = this.items.get(key);
    const near = new Set();
    for (const way of this.ways) {
      if (chosen && (way.key === key || way.source === key || way.target === key)) {
        near.add(way.key).add(way.source).add(way.target);
      }
    }
    for (const way of this.ways) {
      way.isNear = near.has(way.key);
      this.want(way, false);
    }
    this.svg.classList.toggle("choosing", Boolean(chosen));
    for (const item of this.items.values()) {
      item.node.classList.toggle("selected", item.key === key);
      item.node.classList.toggle("near", near.has(item.key));
      const pressed = String(item.key === key);
      if (item.node.getAttribute("aria-pressed") !== pressed) item.node.setAttribute("aria-pressed", pressed);
    }
  }

  // Only what has changed is touched: every item keeps the text of what it shows.
  update(stats) {
    for (const item of this.items.values()) {
      const found = ((item.kind === "node" ? stats.nodes : stats.edges) || {})[item.key];
      const text = JSON.stringify(found || null);
      if (item.last === text) continue;
      item.last = text;
      if (item.kind === "node") showNode(item, found); else showEdge(item, found);
      item.node.setAttribute("aria-label", found && found.said ? `${item.said}. ${found.said}` : item.said);
    }
  }
}

// -- the same as a table --------------------------------------------------------------------------------------------

const CUT = "The picture is larger than its window: drag to move it, Ctrl and the wheel to zoom, Fit for all of it.";
const COLUMNS = [["what", "Part or line"], ["rate_text", "Rate"], ["errors_text", "Errors"], ["p50_text", "p50"],
  ["p99_text", "p99"], ["state", "State"]];

class Table {
  constructor(parent) {
    this.details = html("details", {}, parent);
    html("summary", {}, this.details, "The same as a table; on lines stand the rate, ✗ the share of errors, and the p99");
    const scroll = html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers of the graph" },
      this.details);
    const table = html("table", {}, scroll);
    const head = html("tr", {}, html("thead", {}, table));
    for (const [, title] of COLUMNS) html("th", { scope: "col" }, head, title);
    this.body = html("tbody", {}, table);
    this.rows = new Map();
    this.details.addEventListener("toggle", () => this.update());
  }

  take(picture) {
    this.picture = picture;
    this.body.replaceChildren();
    this.rows.clear();
  }

  update(stats = this.stats) {
    this.stats = stats;
    if (!this.details.open || !this.picture || !stats) return;
    for (const item of this.picture.items.values()) {
      const found = ((item.kind === "node" ? stats.nodes : stats.edges) || {})[item.key] || {};
      let row = this.rows.get(item.key);
      if (!row) {
        const line = html("tr", {}, this.body);
        row = COLUMNS.map(([name], at) => html(at ? "td" : "th", at ? { class: name === "state" ? "" : "number" } :
          { scope: "row" }, line));
        this.rows.set(item.key, row);
      }
      COLUMNS.forEach(([name], at) => setText(row[at], name === "what" ? item.said.split("\n").join("; ") :
        found[name] || ""));
    }
  }
}

// -- the component --------------------------------------------------------------------------------------------------

const MANY = 12;  // parts, from which on one looks for a name

// A field that brings the parts with a text in their name into the middle, one after the other.
class Finder {
  constructor(bar, camera, state) {
    Object.assign(this, { camera, state, at: -1, found: null });
    this.told = html("span", { class: "told", role: "status" }, bar);
    this.field = html("input", { type: "search", placeholder: "Find a part", "aria-label": "Find a part of the graph",
      title: "Enter goes to the next one", autocomplete: "off", spellcheck: "false" }, bar);
    this.field.addEventListener("input", () => this.show(0));
    this.field.addEventListener("keydown", (event) => this.key(event));
  }

  take(picture) {
    this.field.hidden = picture.parts.length <= MANY;
    this.show(this.at, false);
  }

  key(event) {
    event.stopPropagation();  // plus and minus are no zoom here
    if (event.key === "Enter") this.show(this.at + (event.shiftKey ? -1 : 1));
    else if (event.key === "Escape" && this.field.value) { this.field.value = ""; this.show(0); } else return;
    event.preventDefault();
  }

  show(at, isMoved = true) {
    const { picture } = this.state;
    const text = this.field.hidden ? "" : this.field.value.trim().toLowerCase();
    const isNamed = (part) => part.key.slice(part.key.indexOf(" ") + 1).toLowerCase().includes(text);
    this.found = text && picture ? picture.parts.filter(isNamed) : null;
    const count = this.found ? this.found.length : 0;
    this.at = count ? (at + count) % count : -1;
    setText(this.told, !this.found ? "" : count ? `${this.at + 1} of ${count}` : "none");
    if (!picture) return;
    for (const part of picture.parts) part.node.classList.toggle("found", count > 0 && part === this.found[this.at]);
    if (count && isMoved) this.camera.centre(this.found[this.at].bounds);
  }
}

function tools(root, camera, state, cornered) {
  const bar = html("div", { class: "tools", role: "toolbar", "aria-label": "Find and zoom" }, root);
  state.finder = new Finder(bar, camera, state);
  const act = (text, title, run) =>
    html("button", { type: "button", title, "aria-label": title }, bar, text).addEventListener("click", run);
  act("−", "Zoom out", () => camera.zoom(1 / 1.3));
  act("+", "Zoom in", () => camera.zoom(1.3));
  act("Fit", "Show the whole graph", () => camera.fit(0));
  act("SVG", "Save the picture with its numbers as SVG", () => saveSvg(state, camera, cornered()));
  act("PNG", "Save the picture with its numbers as PNG", () => savePng(state, camera, cornered()));
}

function render({ model: given, el }) {
  const model = adapted(given);
  html("style", {}, el, STYLE);
  const root = html("div", { class: "sg" }, el);
  html("p", { class: "sr" }, root, "Tab reaches the parts, then the lines; arrow keys go from one to the next, Enter " +
    "chooses, Escape lets go. Ctrl and the wheel zoom; dragging moves the picture.");
  const stage = html("div", { class: "stage" }, root);
  const camera = new Camera(stage, () => model.get("height_max") || 640);
  const state = { picture: null };
  const cornered = () => model.get("corner") || "";
  tools(root, camera, state, cornered);
  html("p", { class: "note" }, root, CUT);
  const table = new Table(root);

  const choose = (key) => {
    model.set("selected", key === model.get("selected") ? "" : key);
    model.save_changes();
    select();
  };
  const select = () => state.picture && state.picture.select(model.get("selected") || "");
  const update = () => {
    const stats = model.get("stats") || {};
    if (state.picture) state.picture.update(stats);
    table.update(stats);
  };
  const themed = () => {
    root.classList.remove("light", "dark");
    if (model.get("theme")) root.classList.add(model.get("theme"));
  };
  const draw = () => {
    const found = new DOMParser().parseFromString(model.get("svg") || "<svg/>", "image/svg+xml").documentElement;
    const active = root.getRootNode().activeElement;
    const held = stage.contains(active) ? active.dataset.key ?? active.dataset.edge : "";
    stage.replaceChildren();
    state.picture = null;
    if (!found.hasAttribute("viewBox") || !stage.isConnected) return;
    stage.appendChild(document.importNode(found, true));
    state.picture = new Picture(stage.firstElementChild, stage, camera, choose);
    table.take(state.picture);
    state.finder.take(state.picture);
    update();
    select();
    const item = held && state.picture.items.get(held);
    if (item) state.picture.rove(state.picture.groupOf(item), item);
  };

  listenToPointer(stage, camera);
  stage.addEventListener("click", () => { if (!stage.dataset.dragged && model.get("selected")) choose(""); });
  root.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") camera.zoom(1.3);
    else if (event.key === "-") camera.zoom(1 / 1.3);
    else if (event.key === "0") camera.fit(0);
    else if (event.key === "Escape" && model.get("selected")) choose("");
  });
  const changes = { svg: draw, stats: update, selected: select, theme: themed, height_max: () => camera.svg && camera.fit() };
  for (const [name, run] of Object.entries(changes)) model.on(`change:${name}`, run);

  // Lines can only be measured once they are in the page, and the page may be laid out later than this runs.
  let width = 0;
  const watcher = new ResizeObserver(() => {
    if (!stage.clientWidth || stage.clientWidth === width) return;
    width = stage.clientWidth;
    if (!state.picture) draw(); else if (camera.isFitted) camera.fit();
  });
  themed();
  watcher.observe(stage);
  // The page's export menu asks for the picture: only this component has it with its numbers.
  const asked = ({ detail }) => {
    if (detail.picture !== "system" || !root.getClientRects().length) return;
    (detail.form === "png" ? savePng : saveSvg)(state, camera, cornered(), detail.file);
  };
  addEventListener("studio-draw", asked);
  const clean = () => {
    watcher.disconnect();
    removeEventListener("studio-draw", asked);
    for (const [name, run] of Object.entries(changes)) model.off(`change:${name}`, run);
  };
  if (model.onRemove) model.onRemove(clean);
  else return clean;
}

export default { render };
