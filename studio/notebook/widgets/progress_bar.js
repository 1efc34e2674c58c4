// How far long work is, with a button that ends it. The kernel is busy with that work and hears no message, so the
// button interrupts it, as the front end's own stop button does.

const DARK = `--ink: var(--jp-ui-font-color1, #e6edf3); --line: var(--jp-border-color2, #39424c);
  --paper: var(--jp-layout-color1, #14181d); --focus: var(--jp-brand-color1, #4c9aff); --bad: var(--jp-error-color1, #ff7b72);`;
const STYLE = `
.pb { --ink: var(--jp-ui-font-color1, #24292f); --line: var(--jp-border-color2, #d8dee4);
  --muted: color-mix(in srgb, var(--ink) 75%, transparent);
  --paper: var(--jp-layout-color1, #fff); --focus: var(--jp-brand-color1, #0862cc); --bad: var(--jp-error-color1, #c62828);
  display: grid; grid-template-columns: auto minmax(120px, 260px) auto minmax(0, 1fr) auto; gap: 4px 12px; align-items: center;
  max-width: 1040px; color: var(--ink); font: 13px/1.5 var(--jp-ui-font-family, system-ui, sans-serif); padding: 4px 2px; }
.pb .title { font-weight: 600; }
.pb .track { height: 6px; border-radius: 3px; background: var(--line); overflow: hidden; }
.pb .done { height: 100%; width: 0; background: var(--focus); border-radius: 3px; transition: width .2s linear; }
.pb.failing .done { background: var(--bad); }
.pb .share { font-variant-numeric: tabular-nums; min-width: 38px; text-align: right; }
.pb .detail { color: var(--muted); font-variant-numeric: tabular-nums; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.pb button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 5px;
  padding: 1px 10px; min-height: 26px; cursor: pointer; }
.pb button:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.pb button[disabled] { opacity: .5; cursor: default; }
@media (prefers-color-scheme: dark) { body:not([data-jp-theme-light]) .pb { ${DARK} } }
body[data-jp-theme-light=false] .pb { ${DARK} }
@media (prefers-reduced-motion: reduce) { .pb .done { transition: none; } }
@media (forced-colors: active) { .pb .track { outline: 1px solid; } .pb .done { forced-color-adjust: none; background: Highlight; } }
@media (max-width: 700px) { .pb { grid-template-columns: auto minmax(0, 1fr) auto auto; }
  .pb .detail { grid-column: 1 / -1; grid-row: 2; white-space: normal; } }
`;

function made(name, className, text = "") {
  const found = document.createElement(name);
  found.className = className;
  found.textContent = text;
  return found;
}

function render({ model, el }) {
  const root = made("div", "pb"), track = made("div", "track"), done = made("div", "done"), share = made("span", "share");
  const title = made("span", "title", model.get("title")), detail = made("span", "detail"), button = made("button", "", "Cancel");
  const style = document.createElement("style");
  style.textContent = STYLE;
  track.append(done);
  track.setAttribute("role", "progressbar");
  track.setAttribute("aria-label", model.get("title"));
  track.setAttribute("aria-valuemin", "0");
  track.setAttribute("aria-valuemax", "100");
  detail.setAttribute("aria-live", "off");
  button.type = "button";
  root.append(title, track, share, detail, button);
  el.append(style, root);

  const kernel = model.widget_manager?.kernel ?? model.widget_manager?.context?.sessionContext?.session?.kernel;
  if (typeof kernel?.interrupt !== "function") {
    button.disabled = true;
    button.title = "Use the notebook's stop button: what was found so far is kept";
  } else button.title = "End it; what was found so far is kept";
  // An interrupt can fall where Python passes over it (in a finalizer); whoever still tells of progress has not heard it.
  let asked = 0;
  const interrupt = () => { asked = Date.now(); kernel.interrupt(); };
  const show = () => {
    if (button.dataset.pressed && Date.now() - asked > 1500 && !model.get("is_over")) interrupt();
    const percent = Math.round(100 * model.get("share"));
    done.style.width = `${percent}%`;
    track.setAttribute("aria-valuenow", String(percent));
    share.textContent = `${percent} %`;
    if (!button.dataset.pressed) detail.textContent = detail.title = model.get("detail");
    root.classList.toggle("failing", model.get("is_failing"));
  };
  button.addEventListener("click", () => {
    if (model.get("is_over")) return;
    button.disabled = true;
    button.dataset.pressed = "yes";
    detail.textContent = "cancelling: what was found so far is put together…";
    interrupt();
  });
  for (const name of ["share", "detail", "is_failing"]) model.on(`change:${name}`, show);
  show();
  return () => { for (const name of ["share", "detail", "is_failing"]) model.off(`change:${name}`, show); };
}

export default { render };
