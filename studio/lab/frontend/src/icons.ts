import { LabIcon } from '@jupyterlab/ui-components';

/** For the sidebar and menus: takes on the theme's colour. */
export const studioIcon = new LabIcon({
  name: 'studio:graph',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161"><circle cx="5" cy="18" r="3.2"/><circle cx="12" cy="5.5" r="3.2"/></g>
  <path class="jp-icon3" fill="#616161" d="M6 15.2 10 8.2l1.6.9-4 7zM14 8.2l4 7-1.6.9-4-7z"/>
  <path class="jp-icon3" fill="#616161" d="M9.4 17.1h2v1.8h-2zM13 17.1h2v1.8h-2z"/>
  <circle class="jp-icon-warn0" fill="#f57c00" cx="19" cy="18" r="3.2"/></svg>`
});

/** For the launcher: the kernel's own logo. */
export const studioLogo = new LabIcon({
  name: 'studio:logo',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="52" viewBox="0 0 64 64">
  <rect x="2" y="2" width="60" height="60" rx="14" fill="#1f4e79"/>
  <g fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round"><path d="M18 44 32 18l14 26"/>
  <path d="M18 44h28" stroke="#f2a33a" stroke-dasharray="5 8"/></g>
  <g fill="#fff"><circle cx="18" cy="44" r="7"/><circle cx="32" cy="18" r="7"/></g>
  <circle cx="46" cy="44" r="7" fill="#f2a33a"/></svg>`
});
