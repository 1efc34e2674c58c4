// Controls for the faults of a world: quick ones, a form for each kind, what is in force, undo.
// One script for notebooks (anywidget) and for the dashboard (Panel), put together of the files that `esm.py` names.
//
// model: catalogue (forms, targets, presets), standing (what is in force, and whether anything can be done), request
// and reply (JSON with the same `id`; messages in notebooks), theme ("", "light", "dark"). What is typed is kept here
// until it is taken.

const FAULT_STYLE = `
.fp { --ink: var(--jp-ui-font-color1, var(--s-text, #24292f));
  --muted: var(--s-soft, color-mix(in srgb, var(--ink) 75%, transparent));
  --paper: var(--jp-layout-color1, var(--s-back, #ffffff)); --raised: var(--jp-layout-color2, var(--s-raised, #f6f8fa));
  --line: var(--jp-border-color2, var(--s-line, #d8dee4)); --focus: var(--jp-brand-color1, var(--s-accent, #0862cc));
  --bad: #c62828; --good: #187733; color: var(--ink); container-type: inline-size; width: 100%; box-sizing: border-box;
  font: 13px/1.45 var(--jp-ui-font-family, var(--s-font, system-ui, -apple-system, "Segoe UI", sans-serif)); }
.fp.dark { --bad: #ff7b72; --good: #56d364; color-scheme: dark; --ink: var(--jp-ui-font-color1, var(--s-text, #e6edf3));
  --paper: var(--jp-layout-color1, var(--s-back, #14181d)); --raised: var(--jp-layout-color2, var(--s-raised, #1b2128));
  --line: var(--jp-border-color2, var(--s-line, #39424c)); --focus: var(--jp-brand-color1, var(--s-accent, #4c9aff)); }
.fp.light { color-scheme: light; }
.fp *, .fp *::before { box-sizing: border-box; }
.fp [hidden] { display: none !important; }
.fp .quick { display: flex; flex-wrap: wrap; gap: 8px 20px; padding: 8px 10px; border: 1px solid var(--line);
  border-radius: 6px; background: var(--raised); align-items: center; }
.fp .group { display: flex; align-items: center; gap: 6px; flex-wrap: wrap; min-width: 0; }
.fp .group > b { font-weight: 600; font-size: 12px; }
.fp select, .fp input, .fp button { font: inherit; color: var(--ink); }
.fp select, .fp input:not([type=range]):not([type=checkbox]) { background: var(--paper); border: 1px solid var(--line);
  border-radius: 5px; min-height: 27px; padding: 2px 7px; max-width: 100%; margin: 0; }
.fp select { max-width: 190px; }
.fp button { background: var(--paper); border: 1px solid var(--line); border-radius: 5px; min-height: 27px;
  padding: 2px 10px; cursor: pointer; white-space: nowrap; margin: 0; }
.fp button:hover:not([disabled]) { border-color: var(--muted); }
.fp button[disabled] { opacity: .45; cursor: default; }
.fp button.main { background: var(--focus); border-color: var(--focus); color: #fff; font-weight: 600; }
.fp.dark button.main { color: #0b1520; }
.fp button.plain { border-color: transparent; background: none; padding: 2px 6px; }
.fp button:focus-visible, .fp select:focus-visible, .fp input:focus-visible, .fp summary:focus-visible {
  outline: 2px solid var(--focus); outline-offset: 1px; }
.fp input[type=range] { accent-color: var(--focus); width: 150px; margin: 0; padding: 0; vertical-align: middle; }
.fp input[type=checkbox] { accent-color: var(--focus); margin: 0 6px 0 0; vertical-align: -2px; }
.fp input[type=number] { width: 90px; }
.fp output { font-variant-numeric: tabular-nums; min-width: 38px; display: inline-block; text-align: right; }
.fp .told { min-height: 22px; margin: 6px 2px; font-size: 12px; color: var(--muted); white-space: pre-line; }
.fp .told.bad { color: var(--bad); }
.fp .told.good::before { content: "✓ "; color: var(--good); }
.fp .told.bad::before { content: "✗ "; }
.fp .split { display: grid; grid-template-columns: minmax(150px, 190px) minmax(0, 1fr) minmax(0, 1fr); gap: 16px; }
@container (max-width: 900px) { .fp .split { grid-template-columns: minmax(140px, 180px) minmax(0, 1fr); }
  .fp .split > .force { grid-column: 1 / -1; } }
@container (max-width: 520px) { .fp .split { grid-template-columns: minmax(0, 1fr); } }
.fp .split.compact { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.fp .split.compact > .force { grid-column: auto; }
.fp .split.compact nav { margin-bottom: 8px; }
@container (max-width: 640px) { .fp .split.compact { grid-template-columns: minmax(0, 1fr); } }
.fp h3 { font-size: 14px; font-weight: 600; margin: 0; }
.fp h3.small { font-size: 12px; margin: 0 0 4px; color: var(--muted); }
.fp .kinds { max-height: 420px; overflow: auto; border: 1px solid var(--line); border-radius: 6px; padding: 4px; }
.fp .kinds h3 { padding: 6px 6px 0; margin: 0; }
.fp .kinds button { display: block; width: 100%; text-align: left; border-color: transparent; background: none;
  min-height: 24px; padding: 1px 8px; overflow: hidden; text-overflow: ellipsis; }
.fp .kinds button:hover { background: var(--raised); }
.fp .kinds button[aria-pressed=true] { background: color-mix(in srgb, var(--focus) 16%, transparent); font-weight: 600; }
.fp .find { width: 100%; margin-bottom: 6px !important; }
.fp .about { color: var(--muted); margin: 0 0 8px; }
.fp .field { display: grid; grid-template-columns: 118px minmax(0, 1fr); gap: 2px 10px; margin: 0 0 7px;
  align-items: center; }
.fp .field > label, .fp .field > .label { color: var(--muted); font-size: 12px; }
.fp .field .help, .fp .field .wrong { grid-column: 2; font-size: 11.5px; color: var(--muted); line-height: 1.3; }
.fp .field .wrong { color: var(--bad); }
.fp .field .wrong::before { content: "✗ "; }
.fp .field .box { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 6px; min-width: 0; }
.fp .field .box > input[type=text] { flex: 1 1 110px; min-width: 90px; max-width: 320px; }
.fp .field .box > input.short { flex: 0 1 130px; }
.fp .field .box > select { flex: 0 1 auto; }
.fp .field.bad input, .fp .field.bad select { border-color: var(--bad); }
.fp .chip { display: inline-flex; align-items: center; border: 1px solid var(--line); border-radius: 10px;
  padding: 0 2px 0 8px; background: var(--raised); font-size: 12px; max-width: 100%; }
.fp .chip span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.fp .chip button { border: 0; background: none; min-height: 20px; padding: 0 5px; }
.fp summary { cursor: pointer; font-size: 12px; color: var(--muted); margin: 2px 0 6px; width: fit-content; }
.fp .words:empty { display: none; }
.fp .words { border-left: 2px solid var(--line); padding-left: 8px; margin: 8px 0; min-height: 19px; color: var(--muted); }
.fp .acts { display: flex; gap: 6px; align-items: center; flex-wrap: wrap; }
.fp ul { list-style: none; margin: 0; padding: 0; }
.fp li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 8px; padding: 5px 0;
  border-top: 1px solid var(--line); align-items: center; }
.fp li:first-child { border-top: 0; }
.fp li .what { overflow-wrap: anywhere; }
.fp li .what small { color: var(--muted); font-size: 11.5px; display: block; font-variant-numeric: tabular-nums; }
.fp li.over .what { color: var(--muted); }
.fp .none { color: var(--muted); margin: 4px 0; }
.fp .note { border: 1px solid var(--line); border-radius: 6px; background: var(--raised); padding: 10px 14px;
  margin-bottom: 12px; }
.fp .note p { margin: 0 0 4px; }
.fp .note code { font: 12px var(--jp-code-font-family, var(--s-code, ui-monospace, Menlo, Consolas, monospace)); }
.fp .note pre { margin: 6px 0 0; padding: 0; background: none; border: 0; color: inherit; }
`;

// Ask Python, and hand its answer to whoever asked; answers carry the id of what was asked. Notebooks have messages for
// that (a trait's value may be passed over while the kernel is busy); Panel has properties.
function asking(model) {
  const waiting = new Map();
  const prefix = Math.random().toString(36).slice(2, 8);
  let count = 0;
  const heard = (reply) => {
    const take = waiting.get(reply?.id);
    if (take) { waiting.delete(reply.id); take(reply); }
  };
  const hasMessages = typeof model.send === "function";
  if (hasMessages) model.on("msg:custom", heard);
  else model.on("change:reply", () => heard(model.get("reply")));
  return (what) => new Promise((resolve) => {
    const request = { ...what, id: `${prefix}${++count}` };
    waiting.set(request.id, resolve);
    if (hasMessages) { model.send(request); return; }
    model.set("request", request);
    model.save_changes();
  });
}

// -- all of it ------------------------------------------------------------------------------------------------------

class FaultPanel {
  constructor(model, el) {
    this.model = model; this.kept = {}; this.form = null;
    this.send = asking(model);
    this.el = h("div", { class: "fp" });
    el.append(h("style", {}, FAULT_STYLE), this.el);
    this.handlers = [["catalogue", () => this.draw()], ["standing", () => this.stand()], ["theme", () => this.dress()],
      ["kind", () => this.takeKind()]];
    for (const [name, act] of this.handlers) model.on(`change:${name}`, act);
    this.undress = onTheme(() => this.dress());
    this.draw();
  }

  end() {
    this.undress();
    for (const [name, act] of this.handlers) this.model.off(`change:${name}`, act);
  }

  get catalogue() { return this.model.get("catalogue") ?? {}; }
  get standing() { return this.model.get("standing") ?? {}; }

  dress() {
    const theme = this.model.get("theme") || (dark() ? "dark" : "light");
    this.el.classList.toggle("dark", theme === "dark");
    this.el.classList.toggle("light", theme !== "dark");
  }

  async ask(what) { return this.send(what); }

  async act(what) { this.tell(await this.ask(what)); }

  tell(reply) {
    const text = reply.error ?? reply.done ?? Object.values(reply.complaints ?? {}).join("; ");
    const isBad = !("done" in reply);
    this.told.className = `told ${isBad ? "bad" : "good"}`;
    this.told.textContent = text;
  }

  keep(kind, values, number) { if (number === null) this.kept[kind] = values; }

  place(form, suggestions) {
    const rows = (this.standing.rows ?? []).filter((row) => !["together", "swarm"].includes(row.kind));
    return { targets: form.targets, parties: this.catalogue.parties ?? [], suggestions,
      numbers: rows.map((row) => row.number),
      titles: Object.fromEntries(rows.map((row) => [row.number, `#${row.number} ${row.words}`])) };
  }

  draw() {
    const catalogue = this.catalogue;
    this.told = h("div", { class: "told", role: "status" });
    this.note = h("div", { class: "note", hidden: true });
    this.force = h("section", { class: "force", "aria-label": "Faults of this run" });
    if (!catalogue.families) {
      this.quick = this.left = null;
      this.el.replaceChildren(this.note, this.force);
      this.stand();
      return;
    }
    this.quick = this.quickBar();
    this.left = this.kinds();
    this.middle = h("section", { "aria-label": "Fault" });
    this.el.replaceChildren(this.note, this.quick, this.told,
      this.split = catalogue.compact
        ? h("div", { class: "split compact" }, h("div", {}, this.left, this.middle), this.force)
        : h("div", { class: "split" }, this.left, this.middle, this.force));
    this.open(this.form?.form.kind ?? (this.formOf(this.model.get("kind")) ?? catalogue.families[0].forms[0]).kind, {}, null);
    this.stand();
  }

  formOf(kind) { return this.catalogue.families.flatMap((family) => family.forms).find((form) => form.kind === kind); }

  open(kind, values, number) {
    if (number === null && Object.keys(values).length === 0 && this.form?.form.kind === kind && this.form.number === null)
      delete this.kept[kind];  // it was asked to be cleared
    const form = this.formOf(kind);
    const hadFocus = this.middle.contains(this.el.getRootNode().activeElement);
    this.form = new FaultForm(this, form, number === null ? { ...this.kept[kind], ...values } : values, number);
    this.middle.replaceChildren(this.form.el);
    if (hadFocus) this.form.el.querySelector("button.main").focus({ preventScroll: true });
    for (const button of this.left.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    const which = this.left.querySelector("select");
    if (which) which.value = kind;
    this.keepKind(kind);
  }

  // A page keeps the kind, so that a link opens its form; a notebook does not ask for it.
  keepKind(kind) {
    const isUsual = kind === this.catalogue.families[0].forms[0].kind && !this.model.get("kind");
    if (isUsual || this.model.get("kind") === undefined || this.model.get("kind") === kind) return;
    this.model.set("kind", kind);
    this.model.save_changes();
  }

  takeKind() {
    if (!this.catalogue.families) return;
    const form = this.formOf(this.model.get("kind")) ?? this.catalogue.families[0].forms[0];
    if (this.form?.form.kind !== form.kind) this.open(form.kind, {}, null);
  }

  kinds() {
    if (this.catalogue.compact) return this.kindsAsChoice();
    const list = h("div", { class: "kinds" });
    const groups = this.catalogue.families.map((family) => {
      const group = h("div", { role: "group", "aria-label": family.name }, h("h3", { class: "small" }, family.name),
        family.forms.map((form) => h("button", { type: "button", "data-kind": form.kind, title: form.about,
          "aria-pressed": "false", disabled: form.fields.some((field) => field.control === "targets") && !form.targets.length,
          onclick: () => { if (this.form?.form.kind !== form.kind || this.form.number !== null) this.open(form.kind, {}, null); },
        }, form.title)));
      list.append(group);
      return { group, family };
    });
    const find = h("input", { type: "search", class: "find", placeholder: "Find a fault", "aria-label": "Find a fault" });
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      for (const { group, family } of groups) {
        let seen = 0;
        group.querySelectorAll("button").forEach((button, at) => {
          const form = family.forms[at];
          const text = `${form.kind} ${form.title} ${form.about} ${family.name}`.toLowerCase();
          button.hidden = !text.includes(wanted);
          seen += !button.hidden;
        });
        group.hidden = !seen;
      }
    });
    find.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      list.querySelector("button:not([hidden]):not([disabled])")?.click();
    });
    return h("nav", { "aria-label": "Kinds of faults" }, find, list);
  }

  kindsAsChoice() {
    const which = h("select", { "aria-label": "Kind of fault" }, this.catalogue.families.map((family) =>
      h("optgroup", { label: family.name }, family.forms.map((form) => h("option", { value: form.kind,
        disabled: form.fields.some((field) => field.control === "targets") && !form.targets.length }, form.title)))));
    which.addEventListener("change", () => this.open(which.value, {}, null));
    return h("nav", { "aria-label": "Kinds of faults" }, which);
  }

  // -- quick controls -----------------------------------------------------------------------------------------------

  quickBar() {
    const { catalogue } = this;
    this.undo = h("button", { type: "button", onclick: () => this.act({ do: "undo" }) }, "↶ Undo");
    this.redo = h("button", { type: "button", onclick: () => this.act({ do: "redo" }) }, "↷ Redo");
    return h("div", { class: "quick", role: "group", "aria-label": "Quick controls" },
      this.lossGroup(), this.crashGroup(), this.cutGroup(), catalogue.presets.length ? this.presetGroup() : null,
      h("div", { class: "group" }, this.undo, this.redo));
  }

  lossGroup() {
    const to = h("select", { "aria-label": "Messages to" }, this.catalogue.links.map((group) =>
      h("optgroup", { label: group.name }, group.items.map((item) => h("option", { value: item }, item)))));
    const from = h("select", { "aria-label": "Messages from" }, h("option", { value: "" }, "anybody"),
      this.catalogue.parties.map((item) => h("option", { value: item }, item)));
    const share = h("input", { type: "range", min: 0, max: 100, step: 1, value: 0, "aria-label": "Share of messages lost" });
    const shown = h("output", {}, "0 %");
    const show = () => { shown.textContent = `${share.value} %`; share.setAttribute("aria-valuetext", `${share.value} percent lost`); };
    this.showLoss = () => {
      if (this.el.getRootNode().activeElement === share && this.isDragging) return;
      share.value = Math.round(100 * (this.standing.losses?.[`${from.value}>${to.value}`] ?? 0));
      show();
    };
    share.addEventListener("input", () => { this.isDragging = true; show(); });
    share.addEventListener("change", async () => {
      await this.act({ do: "loss", target: to.value, source: from.value, share: Number(share.value) / 100 });
      this.isDragging = false;
    });
    to.addEventListener("change", this.showLoss);
    from.addEventListener("change", this.showLoss);
    show();
    return h("div", { class: "group" }, h("b", {}, "Lose"), share, shown, "to", to, "from", from);
  }

  crashGroup() {
    const replicas = this.catalogue.owners.flatMap((owner) => owner.replicas > 1
      ? Array.from({ length: owner.replicas }, (_, at) => `${owner.name}/${at + 1}`) : [owner.name]);
    const which = h("select", { "aria-label": "Service or replica to crash" },
      replicas.map((name) => h("option", { value: name }, name)));
    const downFor = h("input", { type: "text", value: "5s", size: 4, "aria-label": "Down for", list: "fp-durations" });
    return h("div", { class: "group" }, h("b", {}, "Crash"), which, "for", downFor,
      h("button", { type: "button", onclick: () => {
        const [target, replica] = which.value.split("/");
        this.act({ do: "crash", target, replica: Number(replica ?? 1), down_for: downFor.value });
      } }, "Crash"));
  }

  cutGroup() {
    const options = (first) => [...(first ? [h("option", { value: "" }, first)] : []),
      ...this.catalogue.sides.map((item) => h("option", { value: item }, item))];
    const one = h("select", { "aria-label": "One side" }, options(""));
    const other = h("select", { "aria-label": "Other side" }, options("everybody"));
    return h("div", { class: "group" }, h("b", {}, "Cut"), one, "from", other,
      h("button", { type: "button", onclick: () => this.act({ do: "partition", target: one.value, source: other.value }) },
        "Cut off"));
  }

  presetGroup() {
    const { presets } = this.catalogue;
    const group = (label, items) => items.length
      ? h("optgroup", { label }, items.map((item) => h("option", { value: item.name }, item.name))) : null;
    const which = h("select", { "aria-label": "Preset" }, group("For any system", presets.filter((each) => !each.declared)),
      group("Scenarios' plans", presets.filter((each) => each.declared)));
    const about = () => { which.title = presets.find((each) => each.name === which.value)?.about ?? ""; };
    which.addEventListener("change", about);
    about();
    return h("div", { class: "group" }, h("b", {}, "Preset"), which,
      h("button", { type: "button", onclick: () => this.act({ do: "preset", name: which.value }) }, "Apply"));
  }

  // -- what stands --------------------------------------------------------------------------------------------------

  stand() {
    const { standing } = this, rows = standing.rows ?? [], live = Boolean(standing.live);
    this.note.hidden = !standing.note;
    if (standing.note) {
      this.note.replaceChildren(h("p", {}, standing.note), standing.code ? h("pre", {}, h("code", {}, standing.code)) : "");
    }
    if (this.quick) {
      this.quick.hidden = this.told.hidden = this.left.hidden = this.middle.hidden = !live;
      this.split.style.gridTemplateColumns = live ? "" : "minmax(0, 1fr)";
      for (const [button, title] of [[this.undo, standing.undo], [this.redo, standing.redo]]) {
        button.disabled = !title;
        button.title = title || "Nothing to take back";
      }
      this.showLoss();
    }
    const shape = JSON.stringify([live, rows.map((row) => [row.number, row.on, row.words])]);
    if (shape === this.shape && this.force.childElementCount) {
      for (const row of rows) {
        const small = this.force.querySelector(`[data-strikes="${row.number}"]`);
        if (small) small.textContent = struck(row);
      }
      return;
    }
    this.shape = shape;
    const on = rows.filter((row) => row.on || !live), over = rows.filter((row) => !row.on && live);
    const isOpen = this.force.querySelector("details")?.open ?? false;
    const giveBack = this.focusIn(this.force);
    const all = live && on.length > 1
      ? h("button", { type: "button", class: "plain", onclick: () => this.act({ do: "lift-all" }) }, "Lift all") : null;
    this.force.replaceChildren(
      h("div", { class: "acts" }, h("h3", { class: "small" }, live ? `In force (${on.length})` : `The plan (${rows.length})`), all),
      on.length ? h("ul", {}, on.map((row) => this.standingRow(row, live)))
        : h("p", { class: "none" }, live ? "No fault is in force." : (rows.length ? "" : "It ran without faults.")),
      over.length ? h("details", { open: isOpen }, h("summary", {}, `Over (${over.length})`),
        h("ul", {}, over.slice(0, 50).map((row) => this.standingRow(row, live)))) : "");
    giveBack();
  }

  // What has the keyboard is made anew: it goes to what is called the same, else to what stands in its place.
  focusIn(place) {
    const all = () => [...place.querySelectorAll("button, summary")];
    const at = all().indexOf(this.el.getRootNode().activeElement);
    if (at < 0) return () => {};
    const name = (each) => each.getAttribute("aria-label") ?? each.textContent;
    const held = name(all()[at]);
    return () => {
      const left = all();
      const next = left.find((each) => name(each) === held) ?? left[Math.min(at, left.length - 1)];
      (next ?? this.middle?.querySelector("button.main"))?.focus({ preventScroll: true });
    };
  }

  standingRow(row, live) {
    const canEdit = live && this.catalogue.families;
    const acts = h("span", { class: "acts" },
      canEdit ? h("button", { type: "button", class: "plain", "aria-label": `${row.on ? "Edit" : "Again"}: ${row.words}`,
        onclick: () => this.edit(row) }, row.on ? "Edit" : "Again…") : null,
      live && row.on ? h("button", { type: "button", "aria-label": `Lift: ${row.words}`,
        onclick: () => this.act({ do: "lift", number: row.number }) }, "Lift") : null);
    return h("li", { class: row.on || !live ? "" : "over" }, h("span", { class: "what" }, row.words,
      h("small", { "data-strikes": row.number }, struck(row))), acts);
  }

  async edit(row) {
    const reply = await this.ask({ do: "edit", number: row.number });
    if (reply.error) { this.tell(reply); return; }
    this.open(reply.kind, reply.values, row.on ? row.number : null);
    this.form.el.querySelector("input, select")?.focus();
  }
}

function struck(row) {
  const times = row.strikes === 1 ? "once" : `${row.strikes.toLocaleString("en")} times`;
  return `#${row.number} · ${row.title} · ${row.strikes ? `struck ${times}` : "has not struck"}`;
}

// Call something now, and whenever JupyterLab or the machine changes between light and dark.
function onTheme(act) {
  const media = matchMedia("(prefers-color-scheme: dark)"), observer = new MutationObserver(act);
  media.addEventListener("change", act);
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  act();
  return () => { media.removeEventListener("change", act); observer.disconnect(); };
}

function dark() {
  const lab = document.body.dataset.jpThemeLight;
  return lab ? lab === "false" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// Panel wraps all kinds of components alike once one of another kind was shown; its adapter is at the view then.
function modelOf({ model, view }) {
  return view?.adapter ?? model;
}

export default {
  render(given) {
    const panel = new FaultPanel(modelOf(given), given.el);
    return () => panel.end();
  },
};
