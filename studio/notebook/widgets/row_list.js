// A list of which Python gives the rows on screen. model: label, columns, rows [{key, cells, mark}], total, offset, limit,
// text (of the search), selected (a key), empty (what to say where there are no rows).

// JupyterLab's own colours for warnings and for text of less weight are too faint to be read at this size.
const DARK = `--ink: var(--jp-ui-font-color1, #e6edf3); --line: var(--jp-border-color2, #39424c);
  --paper: var(--jp-layout-color1, #14181d); --focus: var(--jp-brand-color1, #4c9aff); --bad: #ff7b72; --warn: #d9a13b;`;
const STYLE = `
.rl { --ink: var(--jp-ui-font-color1, #24292f); --line: var(--jp-border-color2, #d8dee4);
  --paper: var(--jp-layout-color1, #fff); --focus: var(--jp-brand-color1, #0862cc); --bad: #b3261e; --warn: #8a5c00;
  --muted: color-mix(in srgb, var(--ink) 75%, transparent); color: var(--ink); font: 13px/1.45 var(--jp-ui-font-family, system-ui, sans-serif); }
.rl .bar { display: flex; gap: 8px; align-items: center; margin-bottom: 4px; flex-wrap: wrap; }
.rl .bar .count { color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; margin-left: auto; }
.rl input, .rl button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line);
  border-radius: 5px; min-height: 26px; padding: 1px 8px; margin: 0; }
.rl input { flex: 0 1 240px; min-width: 100px; }
.rl button { cursor: pointer; } .rl button[disabled] { opacity: .4; cursor: default; }
.rl input:focus-visible, .rl button:focus-visible, .rl tr:focus-visible { outline: 2px solid var(--focus); outline-offset: -1px; }
.rl table { width: 100%; border-collapse: collapse; table-layout: auto; margin: 0; font-size: 13px; }
.rl th { text-align: left; font-weight: 400; font-size: 12px; color: var(--muted); padding: 2px 12px 3px 6px; border: 0;
  border-bottom: 1px solid var(--line); white-space: nowrap; background: none; }
.rl td { text-align: left; padding: 3px 12px 3px 6px; border: 0; border-bottom: 1px solid var(--line); overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; max-width: 320px; font-variant-numeric: tabular-nums; }
.rl tbody tr { cursor: pointer; background: none !important; }
.rl tbody tr:hover { background: color-mix(in srgb, var(--ink) 6%, transparent) !important; }
.rl tbody tr[aria-selected=true] { background: color-mix(in srgb, var(--focus) 16%, transparent) !important; }
.rl tr.bad td:last-child { color: var(--bad); font-weight: 600; } .rl tr.warn td:last-child { color: var(--warn); font-weight: 600; }
.rl .none { color: var(--muted); padding: 6px; margin: 0; }
@media (prefers-color-scheme: dark) { body:not([data-jp-theme-light]) .rl { ${DARK} } }
body[data-jp-theme-light=false] .rl { ${DARK} }
`;

function put(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.flat());
  return made;
}

function render({ model, el }) {
  const tell = (name, value) => { model.set(name, value); model.save_changes(); };
  let timer = 0;
  const find = put("input", { type: "search", placeholder: "Find", "aria-label": `Find in ${model.get("label")}` });
  find.value = model.get("text");
  find.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => tell("text", find.value), 250); });
  const turn = (by) => tell("offset", Math.max(0, model.get("offset") + by * model.get("limit")));
  const back = put("button", { type: "button", "aria-label": "Rows before", onclick: () => turn(-1) }, "‹");
  const on = put("button", { type: "button", "aria-label": "Rows after", onclick: () => turn(1) }, "›");
  const count = put("span", { class: "count", role: "status" });
  const body = put("tbody"), none = put("p", { class: "none" });
  const table = put("table", { role: "grid", "aria-label": model.get("label") },
    put("thead", {}, put("tr", {}, model.get("columns").map((title) => put("th", { scope: "col" }, title)))), body);
  const root = put("div", { class: "rl" }, put("div", { class: "bar" }, find, count, back, on), table, none);

  const mark = () => {
    const rows = [...body.children];
    for (const row of rows) row.setAttribute("aria-selected", String(row.dataset.key === model.get("selected")));
    const first = rows.find((row) => row.dataset.key === model.get("selected")) ?? rows[0];
    for (const row of rows) row.tabIndex = row === first ? 0 : -1;
  };
  const draw = () => {
    const rows = model.get("rows"), offset = model.get("offset"), total = model.get("total");
    const hadFocus = body.contains(root.getRootNode().activeElement);
    body.replaceChildren(...rows.map((row) => put("tr", { class: row.mark, "data-key": row.key,
      onclick: () => tell("selected", row.key) }, row.cells.map((cell) => put("td", { title: cell }, cell)))));
    count.textContent = total ? `${offset + 1} to ${offset + rows.length} of ${total.toLocaleString("en")}` : "";
    back.disabled = offset === 0;
    on.disabled = offset + rows.length >= total;
    table.hidden = !rows.length;
    none.hidden = Boolean(rows.length);
    none.textContent = model.get("text") ? "Nothing fits what is looked for." : model.get("empty");
    mark();
    if (hadFocus) body.querySelector("[tabindex='0']")?.focus();
  };
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); tell("selected", row.dataset.key); }
    const next = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
    if (next) { event.preventDefault(); next.focus(); }
    if (event.key === "PageDown" && !on.disabled) { event.preventDefault(); turn(1); }
    if (event.key === "PageUp" && !back.disabled) { event.preventDefault(); turn(-1); }
    event.stopPropagation();
  });
  const handlers = { rows: draw, total: draw, selected: mark };
  for (const [name, act] of Object.entries(handlers)) model.on(`change:${name}`, act);
  draw();
  el.append(put("style", {}, STYLE), root);
  return () => { for (const [name, act] of Object.entries(handlers)) model.off(`change:${name}`, act); };
}

export default { render };
