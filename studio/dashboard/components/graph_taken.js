// Taking the graph away: with its numbers, its colours as they are now, and nothing around it.
function standalone(picture, camera, corner) {
  const copy = picture.svg.cloneNode(true);
  const { width, height } = sizeOf(camera, corner);
  const around = getComputedStyle(picture.svg);
  const colours = Object.fromEntries(["--ink", "--muted", "--paper", "--line", "--bad", "--warn", "--good", "--focus",
    "--service", "--saga", "--composition", "--event", "--external"].map((name) => [name, around.getPropertyValue(name)]));
  copy.setAttribute("viewBox", `0 ${corner ? -CORNER : 0} ${width} ${height}`);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.setAttribute("xmlns", SVG);
  copy.querySelector(".paper")?.setAttribute("y", corner ? -CORNER : 0);
  copy.querySelector(".paper")?.setAttribute("width", width);
  copy.querySelector(".paper")?.setAttribute("height", height);
  if (corner) {
    const said = { x: width - 12, y: -CORNER + 18, style: `text-anchor: end; font-size: 12px; fill: ${colours["--muted"]}` };
    element("text", said, copy).textContent = corner;
  }
  copy.classList.remove("choosing");
  copy.querySelectorAll(".hit, .ring").forEach((node) => node.remove());
  copy.querySelectorAll(".selected, .found").forEach((node) => node.classList.remove("selected", "found"));
  const style = element("style", {}, copy);
  style.textContent = STYLE.replace(/\.sg(\.\w+)? /g, "");
  // Colours as they are now, not as the page that shows the file would have them; drawing programs know no variables.
  for (const each of copy.querySelectorAll("style")) {
    each.textContent = each.textContent.replace(/@media[^{]*\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, "")
      .replace(/(--[a-z]+): [^;{}]*;/g, (all, name) => (name in colours ? "" : all))
      .replace(/var\((--[a-z]+)(, [^()]*)?\)/g, (all, name) => colours[name]?.trim() || all);
  }
  return new XMLSerializer().serializeToString(copy);
}

const CORNER = 26;  // height of the line above the drawing

function sizeOf(camera, corner) {
  const { width, height } = camera.whole;
  return { width: corner ? Math.max(width, 24 + corner.length * 6.6) : width, height: height + (corner ? CORNER : 0) };
}

function download(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function saveSvg(state, camera, corner, file = "system.svg") {
  if (state.picture) download(new Blob([standalone(state.picture, camera, corner)], { type: "image/svg+xml" }), file);
}

function savePng(state, camera, corner, file = "system.png") {
  if (!state.picture) return;
  const image = new Image();
  const { width, height } = sizeOf(camera, corner);
  image.onload = () => {
    const canvas = html("canvas", { width: width * 2, height: height * 2 });
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, width * 2, height * 2);
    canvas.toBlob((blob) => download(blob, file), "image/png");
  };
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(state.picture, camera, corner))}`;
}
