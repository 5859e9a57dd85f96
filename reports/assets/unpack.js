"use strict";
// plotly.js comes packed, which makes a report half as large; what draws with it starts after it.

(async () => {
  const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const start = (code) => {
    const script = document.createElement("script");
    script.textContent = code;
    document.body.append(script);
  };
  start(await new Response(stream).text());
  document.querySelectorAll("script.draws").forEach((script) => start(script.textContent));
})();
