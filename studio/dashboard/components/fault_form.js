// The form of one kind of fault.
class FaultForm {
  constructor(panel, form, values, number) {
    this.panel = panel; this.form = form; this.number = number;
    this.values = { ...Object.fromEntries(form.fields.map((field) => [field.name, field.default])), ...values };
    this.rows = {}; this.touched = new Set(); this.suggestions = {};
    this.el = h("form", { novalidate: true, "aria-label": form.title });
    this.el.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    this.draw();
    this.check();
  }

  draw() {
    const { form, number } = this;
    this.words = h("div", { class: "words", "aria-live": "polite" });
    this.wrong = h("div", { class: "told bad", hidden: true, role: "alert" });
    const often = form.fields.filter((field) => !field.is_rare), rare = form.fields.filter((field) => field.is_rare);
    const more = rare.length ? h("details", {}, h("summary", {}, "More"), rare.map((field) => this.row(field))) : null;
    if (more && number !== null) more.open = true;
    this.el.replaceChildren(
      h("h3", {}, number === null ? form.title : `${form.title}, instead of fault ${number}`),
      h("p", { class: "about" }, form.about), ...often.map((field) => this.row(field)), more ?? "", this.words, this.wrong,
      h("div", { class: "acts" },
        h("button", { type: "submit", class: "main" }, number === null ? "Inject" : "Change"),
        h("button", { type: "button", onclick: () => this.panel.open(form.kind, {}, null) },
          number === null ? "Clear" : "Cancel")));
    this.count();
  }

  row(field) {
    const id = `fp${++faultNumber}`, place = this.panel.place(this.form, this.suggestions);
    const help = h("div", { class: "help", id: `${id}-h` }, field.about);
    const wrong = h("div", { class: "wrong", id: `${id}-w`, hidden: true });
    const changed = (value) => { this.values[field.name] = value; this.touched.add(field.name); this.changed(); };
    const box = boxOf(field, id, this.values[field.name], changed, place);
    const unit = field.unit ? h("span", { class: "unit" }, field.unit) : null;
    const control = box[0].querySelector?.("input") ?? box[0];
    control.setAttribute("aria-describedby", `${id}-h ${id}-w`);
    const row = h("div", { class: "field" }, h("label", { for: id }, field.label),
      h("div", { class: "box" }, ...box, unit), field.about ? help : null, wrong);
    this.rows[field.name] = { row, wrong, control, field };
    return row;
  }

  changed() {
    this.panel.keep(this.form.kind, this.values, this.number);
    this.count();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), 200);
  }

  count() {  // fields that do not count with these values are out of sight
    for (const { row, field } of Object.values(this.rows)) {
      row.hidden = Boolean(field.needs && !field.needs[1].includes(this.values[field.needs[0]]));
    }
  }

  request(act) { return { do: act, kind: this.form.kind, values: this.values, number: this.number }; }

  async check() {
    const reply = await this.panel.ask(this.request("check"));
    this.complain(reply, false);
    const suggestions = reply.suggestions ?? {};
    for (const [name, items] of Object.entries(suggestions)) this.suggest(name, items);
  }

  suggest(name, items) {
    const { row, control } = this.rows[name] ?? {};
    if (!row || JSON.stringify(this.suggestions[name] ?? []) === JSON.stringify(items)) return;
    this.suggestions[name] = items;
    const id = `${control.id}-l`;
    row.querySelector("datalist")?.remove();
    row.querySelector(".box").append(listOf(id, items));
    control.setAttribute("list", id);
  }

  complain(reply, all) {
    const complaints = reply.complaints ?? {};
    for (const [name, { row, wrong, control }] of Object.entries(this.rows)) {
      const reason = (all || this.touched.has(name)) ? complaints[name] ?? "" : "";
      wrong.textContent = reason; wrong.hidden = !reason;
      row.classList.toggle("bad", Boolean(reason));
      if (reason) { control.setAttribute("aria-invalid", "true"); row.closest("details")?.setAttribute("open", ""); }
      else control.removeAttribute("aria-invalid");
    }
    const rest = reply.error ?? complaints[""] ?? "";
    this.wrong.textContent = rest; this.wrong.hidden = !rest;
    this.words.textContent = reply.words ? `In words: ${reply.words}.` : "";
  }

  async send() {
    clearTimeout(this.timer);
    const reply = await this.panel.ask(this.request("inject"));
    if (reply.done) {
      this.panel.tell(reply);
      if (this.number !== null) this.panel.open(this.form.kind, {}, null);
      else this.check();
      return;
    }
    this.complain(reply, true);
    Object.values(this.rows).find(({ row }) => row.classList.contains("bad"))?.control.focus();
  }
}
