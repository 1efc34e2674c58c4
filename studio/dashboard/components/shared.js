// What stands before the script of every component: making elements, and one form for both kinds of model.
function html(name, attributes = {}, parent = null, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

// Panel's model is a proxy with properties; a notebook's has get, set and save_changes. Everything here uses the latter.
// (Panel's own shim for anywidgets cannot stand on one page with its other components: both share one cached renderer.)
function adapted(given) {
  if (typeof given.get === "function") return given;
  const changes = new Map();
  return {
    get: (name) => given[name],
    set: (name, value) => changes.set(name, value),
    save_changes: () => {
      for (const [name, value] of changes) given[name] = value;
      changes.clear();
    },
    on: (name, run) => given.on(name, run),
    off: (name, run) => given.off(name, run),
    onRemove: (run) => given.on("remove", run),
  };
}

// Say an instant as studio/observe/axis.py does; a test holds the two against each other.
function instant(ns) {
  if (ns < 1e9) {
    const [scale, unit] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]].find(([size]) => 2000 * ns >= 1999 * size) ??
      [1e9, "s"];
    return `${Number((ns / scale).toPrecision(3))} ${unit}`;
  }
  const digits = ns < 60e9 - 5e6 ? 2 : ns < 3600e9 - 5e7 ? 1 : 0;
  const parts = Math.round((ns * 10 ** digits) / 1e9), perMinute = 60 * 10 ** digits;
  const minutes = Math.floor(parts / perMinute), rest = ((parts % perMinute) / 10 ** digits).toFixed(digits);
  if (!minutes) return `${rest} s`;
  const two = (text) => String(text).padStart(2, "0"), seconds = `${rest.padStart(digits ? digits + 3 : 2, "0")} s`;
  if (minutes < 60) return `${minutes} min ${seconds}`;
  const hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  return `${days ? `${days} d ` : ""}${hours % 24} h ${two(minutes % 60)} min ${seconds}`;
}
