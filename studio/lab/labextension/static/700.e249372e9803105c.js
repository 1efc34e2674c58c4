"use strict";(self.rspackChunkservice_studio=self.rspackChunkservice_studio||[]).push([[700],{646(o,e,r){var t=r(601),i=r.n(t),a=r(314),n=(r.n(a))()(i());n.push([o.id,`/* Studio in JupyterLab. Only Lab's own variables, so that it follows every theme. */

.studio-Sidebar {
  --studio-good: var(--jp-success-color0, #1b5e20);
  --studio-error: var(--jp-error-color0, #b71c1c);
  --studio-warning: var(--jp-warn-color0, #bf360c);
  --studio-muted: var(--jp-ui-font-color2);
  display: flex;
  flex-direction: column;
  min-width: 240px;
  overflow: hidden;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

[data-jp-theme-light='false'] .studio-Sidebar,
[data-jp-theme-light='false'] .studio-Marker {
  --studio-good: #81c784;
  --studio-error: #ef9a9a;
  --studio-warning: #ffb74d;
}

.studio-Sidebar [hidden] {
  display: none;
}

.studio-Sidebar-head {
  display: flex;
  gap: 8px;
  align-items: baseline;
  padding: 8px 12px 6px;
}

.studio-Sidebar-brand {
  font-weight: 600;
}

.studio-Sidebar-title {
  overflow: hidden;
  color: var(--jp-ui-font-color2);
  text-overflow: ellipsis;
  white-space: nowrap;
}

.studio-Sidebar-search {
  margin: 0 8px 6px;
  padding: 4px 8px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: var(--jp-ui-font-color0);
  background: var(--jp-layout-color0);
  font: inherit;
}

.studio-Sidebar-scroll {
  flex: 1;
  overflow: auto;
  border-top: 1px solid var(--jp-border-color2);
}

.studio-Sidebar-advice {
  padding: 12px;
  line-height: 1.5;
}

.studio-Sidebar-advice p {
  margin: 0 0 10px;
}

.studio-Sidebar-advice .studio-Button {
  display: block;
  margin-bottom: 6px;
}

.studio-Sidebar-foot {
  padding: 5px 12px;
  border-top: 1px solid var(--jp-border-color2);
  font-size: var(--jp-ui-font-size0);
}

.studio-Sidebar-found {
  padding: 0;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  text-decoration: underline;
  text-underline-offset: 2px;
  cursor: pointer;
}

.studio-Sidebar-found[hidden] {
  display: none;
}

.studio-Sidebar [data-tone='busy'] {
  color: var(--jp-brand-color1);
}

.studio-Sidebar [data-tone='good'],
.studio-Marker [data-tone='good'] {
  color: var(--studio-good);
}

.studio-Sidebar [data-tone='error'] {
  color: var(--studio-error);
}

.studio-Sidebar [data-tone='warning'] {
  color: var(--studio-warning);
}

.studio-Sidebar [data-tone='muted'] {
  color: var(--studio-muted);
}

.studio-Button {
  padding: 4px 10px;
  border: 1px solid var(--jp-border-color1);
  border-radius: 3px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color1);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
  cursor: pointer;
}

.studio-Button:hover {
  background: var(--jp-layout-color2);
}

.studio-Button.studio-mod-small {
  padding: 0 7px;
  font-size: var(--jp-ui-font-size0);
  line-height: 18px;
}

.studio-Button:focus-visible,
.studio-Sidebar-search:focus-visible,
.studio-Marker-summary:focus-visible {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: 1px;
}

/* The tree. */

.studio-Tree {
  padding-bottom: 12px;
}

.studio-Tree-item {
  outline: none;
}

.studio-Tree-line {
  display: flex;
  gap: 6px;
  align-items: baseline;
  padding: 2px 10px 2px 4px;
  line-height: 20px;
  cursor: pointer;
}

.studio-Tree-group > .studio-Tree-item > .studio-Tree-line {
  padding-left: 14px;
}

.studio-Tree-group .studio-Tree-group > .studio-Tree-item > .studio-Tree-line {
  padding-left: 30px;
}

.studio-Tree-line:hover {
  background: var(--jp-layout-color2);
}

.studio-Tree-item:focus-visible > .studio-Tree-line {
  outline: 2px solid var(--jp-brand-color1);
  outline-offset: -2px;
}

.studio-Tree-sectionLine {
  position: sticky;
  z-index: 1;
  top: 0;
  padding-top: 5px;
  color: var(--jp-ui-font-color2);
  background: var(--jp-layout-color1);
  font-size: var(--jp-ui-font-size0);
  font-weight: 600;
}

.studio-Tree-twist {
  flex: none;
  width: 12px;
  color: var(--jp-ui-font-color2);
  font-size: 10px;
  text-align: center;
}

[aria-expanded] > .studio-Tree-line > .studio-Tree-twist::before {
  content: '▸';
}

[aria-expanded='true'] > .studio-Tree-line > .studio-Tree-twist::before {
  content: '▾';
}

[aria-expanded='false'] > .studio-Tree-group {
  display: none;
}

.studio-Tree-name {
  flex: none;
  max-width: 100%;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.studio-Tree-group .studio-Tree-group .studio-Tree-name {
  font-family: var(--jp-code-font-family);
  font-size: calc(var(--jp-code-font-size) - 1px);
}

.studio-Tree-detail {
  flex: 1;
  min-width: 0;
  overflow: hidden;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  text-overflow: ellipsis;
  white-space: nowrap;
}

.studio-Tree-count,
.studio-Tree-health {
  flex: none;
  margin-left: auto;
  font-size: var(--jp-ui-font-size0);
  font-variant-numeric: tabular-nums;
}

.studio-Tree-outcome {
  margin-bottom: 3px;
  padding: 0 10px 0 32px;
  font-size: var(--jp-ui-font-size0);
  line-height: 1.4;
  overflow-wrap: anywhere;
}

/* Findings at their cells. */

.studio-Marker {
  --studio-error: var(--jp-error-color1);
  --studio-warning: var(--jp-warn-color1);
  margin: 2px 0 2px calc(var(--jp-cell-prompt-width) + var(--jp-private-cell-scrolling-output-offset, 5px));
  padding: 2px 8px;
  border-left: 3px solid var(--studio-warning);
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color2);
  font-family: var(--jp-ui-font-family);
  font-size: var(--jp-ui-font-size1);
}

.studio-Marker[data-tone='error'] {
  border-left-color: var(--studio-error);
}

.studio-Marker-summary {
  cursor: pointer;
}

.studio-Marker-sign {
  color: var(--studio-warning);
}

.studio-Marker[data-tone='error'] .studio-Marker-sign {
  color: var(--studio-error);
}

.studio-Marker code {
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.studio-Marker-list {
  margin: 4px 0 6px;
  padding-left: 16px;
  list-style: none;
}

.studio-Marker-list li {
  margin: 4px 0;
  line-height: 1.45;
}

.studio-Marker-code {
  margin-right: 8px;
  color: var(--jp-ui-font-color2);
  font-family: var(--jp-code-font-family);
  font-size: var(--jp-code-font-size);
}

.studio-Marker-hint {
  margin-left: 6px;
  color: var(--jp-ui-font-color2);
}

.studio-mod-shown {
  box-shadow: inset 0 0 0 2px var(--jp-brand-color1);
}

/* The dashboard's tab. */

.studio-Dashboard-body {
  display: flex;
  flex-direction: column;
  background: var(--jp-layout-color0);
}

.studio-Dashboard-note {
  margin: 24px;
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  white-space: pre-wrap;
}

.studio-Dashboard-note[hidden] {
  display: none;
}

.studio-Dashboard-note:not([hidden]) + .studio-Dashboard-frame {
  visibility: hidden;
}

.studio-Dashboard-frame {
  flex: 1;
  min-height: 0;
}

.studio-Dashboard-frame iframe {
  width: 100%;
  height: 100%;
  border: 0;
}
`,""]),r.d(e,{},{A:n})},314(o){o.exports=function(o){var e=[];return e.toString=function(){return this.map(function(e){var r="",t=void 0!==e[5];return e[4]&&(r+="@supports (".concat(e[4],") {")),e[2]&&(r+="@media ".concat(e[2]," {")),t&&(r+="@layer".concat(e[5].length>0?" ".concat(e[5]):""," {")),r+=o(e),t&&(r+="}"),e[2]&&(r+="}"),e[4]&&(r+="}"),r}).join("")},e.i=function(o,r,t,i,a){"string"==typeof o&&(o=[[null,o,void 0]]);var n={};if(t)for(var d=0;d<this.length;d++){var s=this[d][0];null!=s&&(n[s]=!0)}for(var u=0;u<o.length;u++){var l=[].concat(o[u]);t&&n[l[0]]||(void 0!==a&&(void 0===l[5]||(l[1]="@layer".concat(l[5].length>0?" ".concat(l[5]):""," {").concat(l[1],"}")),l[5]=a),r&&(l[2]&&(l[1]="@media ".concat(l[2]," {").concat(l[1],"}")),l[2]=r),i&&(l[4]?(l[1]="@supports (".concat(l[4],") {").concat(l[1],"}"),l[4]=i):l[4]="".concat(i)),e.push(l))}},e}},601(o){o.exports=function(o){return o[1]}},72(o){var e=[];function r(o){for(var r=-1,t=0;t<e.length;t++)if(e[t].identifier===o){r=t;break}return r}function t(o,t){for(var i={},a=[],n=0;n<o.length;n++){var d=o[n],s=t.base?d[0]+t.base:d[0],u=i[s]||0,l="".concat(s," ").concat(u);i[s]=u+1;var p=r(l),c={css:d[1],media:d[2],sourceMap:d[3],supports:d[4],layer:d[5]};if(-1!==p)e[p].references++,e[p].updater(c);else{var f=function(o,e){var r=e.domAPI(e);return r.update(o),function(e){e?(e.css!==o.css||e.media!==o.media||e.sourceMap!==o.sourceMap||e.supports!==o.supports||e.layer!==o.layer)&&r.update(o=e):r.remove()}}(c,t);t.byIndex=n,e.splice(n,0,{identifier:l,updater:f,references:1})}a.push(l)}return a}o.exports=function(o,i){var a=t(o=o||[],i=i||{});return function(o){o=o||[];for(var n=0;n<a.length;n++){var d=r(a[n]);e[d].references--}for(var s=t(o,i),u=0;u<a.length;u++){var l=r(a[u]);0===e[l].references&&(e[l].updater(),e.splice(l,1))}a=s}}},659(o){var e={};o.exports=function(o,r){var t=function(o){if(void 0===e[o]){var r=document.querySelector(o);if(window.HTMLIFrameElement&&r instanceof window.HTMLIFrameElement)try{r=r.contentDocument.head}catch(o){r=null}e[o]=r}return e[o]}(o);if(!t)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");t.appendChild(r)}},540(o){o.exports=function(o){var e=document.createElement("style");return o.setAttributes(e,o.attributes),o.insert(e,o.options),e}},56(o,e,r){o.exports=function(o){var e=r.nc;e&&o.setAttribute("nonce",e)}},825(o){o.exports=function(o){if("u"<typeof document)return{update:function(){},remove:function(){}};var e=o.insertStyleElement(o);return{update:function(r){var t,i,a;t="",r.supports&&(t+="@supports (".concat(r.supports,") {")),r.media&&(t+="@media ".concat(r.media," {")),(i=void 0!==r.layer)&&(t+="@layer".concat(r.layer.length>0?" ".concat(r.layer):""," {")),t+=r.css,i&&(t+="}"),r.media&&(t+="}"),r.supports&&(t+="}"),(a=r.sourceMap)&&"u">typeof btoa&&(t+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),o.styleTagTransform(t,e,o.options)},remove:function(){var o;null===(o=e).parentNode||o.parentNode.removeChild(o)}}}},113(o){o.exports=function(o,e){if(e.styleSheet)e.styleSheet.cssText=o;else{for(;e.firstChild;)e.removeChild(e.firstChild);e.appendChild(document.createTextNode(o))}}},959(o,e,r){var t=r(72),i=r.n(t),a=r(825),n=r.n(a),d=r(659),s=r.n(d),u=r(56),l=r.n(u),p=r(540),c=r.n(p),f=r(113),v=r.n(f),h=r(646),b={};b.styleTagTransform=v(),b.setAttributes=l(),b.insert=s().bind(null,"head"),b.domAPI=n(),b.insertStyleElement=c(),i()(h.A,b),h.A&&h.A.locals&&h.A.locals}}]);