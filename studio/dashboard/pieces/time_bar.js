// Choose an instant of a run, and how much before it is looked at; play it. The next step of a play waits until the
// last one is on screen, so that a slow machine plays slowly and not wrongly.
//
// model: end_ns, at_ns (-1: the end, also while it moves), last_s (0: from the beginning; -1: the chosen range),
// range_text (of the chosen range, "" for none), is_live, marks [[from_ns, until_ns, words]], shown_ns.

const STYLE = `
.tb { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; font: 13px var(--s-font); color: var(--s-text); }
.tb button, .tb select { font: inherit; color: inherit; height: 28px; border: 1px solid var(--s-line); border-radius: 5px;
  background: var(--s-back); padding: 0 9px; cursor: pointer; }
.tb button:hover:not([disabled]) { background: var(--s-hover); border-color: var(--s-soft); }
.tb button[disabled] { opacity: .5; cursor: default; }
.tb button:focus-visible, .tb select:focus-visible, .tb input:focus-visible { outline: 2px solid var(--s-accent);
  outline-offset: 1px; }
.tb button.play { min-width: 76px; text-align: left; }
.tb .track { position: relative; flex: 1 1 220px; min-width: 140px; height: 28px; display: flex; align-items: center; }
.tb input { width: 100%; margin: 0; accent-color: var(--s-accent); position: relative; }
.tb .marks { position: absolute; inset: 21px 8px 2px; pointer-events: none; }
.tb .marks i { position: absolute; height: 3px; min-width: 2px; background: var(--s-error); opacity: .6; border-radius: 2px; }
.tb .now { min-width: 11em; font-variant-numeric: tabular-nums; }
.tb .soft { color: var(--s-soft); }
.tb[data-still] .track { opacity: .5; }
`;
const LAST = [[1, "last 1 s"], [5, "last 5 s"], [10, "last 10 s"], [30, "last 30 s"], [60, "last 60 s"],
  [0, "whole run"]];
const STEPS = 150, PAUSE_MS = 120;

function render({ model: given, el }) {
  const model = adapted(given);
  html("style", {}, el, STYLE);
  const root = html("div", { class: "tb", role: "group", "aria-label": "Time" }, el);
  const play = html("button", { type: "button", class: "play" }, root);
  const track = html("div", { class: "track" }, root);
  const slider = html("input", { type: "range", min: 0, step: "any", "aria-label": "Instant of the run" }, track);
  const marks = html("div", { class: "marks", "aria-hidden": "true" }, track);
  const now = html("span", { class: "now", role: "status" }, root);
  const last = html("select", { "aria-label": "How much is looked at" }, root);
  let timer = null, isPlaying = false;

  const set = (changes) => {
    for (const [name, value] of Object.entries(changes)) model.set(name, value);
    model.save_changes();
    show();
  };
  const at = () => (model.get("at_ns") < 0 ? model.get("end_ns") : model.get("at_ns"));
  const isAtEnd = () => model.get("at_ns") < 0 || model.get("at_ns") >= model.get("end_ns");
  const isTrailing = () => model.get("last_s") > 0;

  function show() {
    const end = model.get("end_ns"), choices = [...LAST];
    if (model.get("range_text")) choices.push([-1, model.get("range_text")]);
    if (last.dataset.choices !== JSON.stringify(choices)) {
      last.dataset.choices = JSON.stringify(choices);
      last.replaceChildren(...choices.map(([value, text]) => html("option", { value }, null, text)));
    }
    last.value = String(model.get("last_s"));
    slider.max = Math.max(end, 1);
    slider.value = isTrailing() ? at() : end;
    slider.setAttribute("aria-valuetext", instant(at()));
    root.toggleAttribute("data-still", !isTrailing());
    now.textContent = isTrailing() ? `t = ${instant(at())}${model.get("is_live") && isAtEnd() ? " · live" : ""}` :
      model.get("last_s") < 0 ? model.get("range_text") : `0 – ${instant(end)}`;
    play.textContent = isPlaying ? "⏸ Pause" : model.get("is_live") && !isAtEnd() ? "⏭ Follow" : "▶ Play";
    play.title = isPlaying ? "Stop here" : model.get("is_live") && !isAtEnd() ? "Show what happens now" :
      "Play the run from here";
    play.disabled = !end || (model.get("is_live") && isAtEnd());
  }

  function showMarks() {
    const end = Math.max(model.get("end_ns"), 1);
    marks.replaceChildren(...model.get("marks").map(([from, until, words]) => {
      const left = Math.min(100, (from / end) * 100), right = Math.min(100, (Math.min(until, end) / end) * 100);
      return html("i", { style: `left:${left}%;width:${Math.max(0, right - left)}%`, title: words });
    }));
  }

  function stop() {
    isPlaying = false;
    clearTimeout(timer);
    show();
  }

  function step() {
    if (!isPlaying) return;
    const end = model.get("end_ns");
    const next = at() + end / STEPS;
    if (next >= end) { set({ at_ns: -1 }); stop(); } else set({ at_ns: Math.round(next) });
  }

  play.addEventListener("click", () => {
    if (isPlaying) { stop(); return; }
    if (model.get("is_live")) { set({ at_ns: -1 }); return; }
    isPlaying = true;
    const begin = isAtEnd() ? 0 : model.get("at_ns");
    set({ at_ns: Math.max(1, begin), ...(isTrailing() ? {} : { last_s: 10 }) });
    if (begin === model.get("shown_ns")) step();
  });
  slider.addEventListener("input", () => {
    const value = Math.round(Number(slider.value));
    stop();
    set({ at_ns: value >= model.get("end_ns") ? -1 : value, ...(isTrailing() ? {} : { last_s: 10 }) });
  });
  last.addEventListener("change", () => { stop(); set({ last_s: Number(last.value) }); });
  const shown = () => { if (isPlaying) { clearTimeout(timer); timer = setTimeout(step, PAUSE_MS); } };
  const changes = { end_ns: () => { show(); showMarks(); }, at_ns: show, last_s: show, range_text: show, is_live: show,
    marks: showMarks, shown_ns: shown };
  for (const [name, run] of Object.entries(changes)) model.on(`change:${name}`, run);
  show();
  showMarks();
  const clean = () => {
    clearTimeout(timer);
    for (const [name, run] of Object.entries(changes)) model.off(`change:${name}`, run);
  };
  if (model.onRemove) model.onRemove(clean);
  else return clean;
}

export default { render };
