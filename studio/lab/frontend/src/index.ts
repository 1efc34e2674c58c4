// Studio in JupyterLab: a sidebar, commands, findings at their cells, and the dashboard as a tab.

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager, Notification } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { INotebookTracker } from '@jupyterlab/notebook';

import { reveal } from './cells';
import { addCommands } from './commands';
import { Dashboards } from './dashboards';
import { Links } from './links';
import { Markers } from './markers';
import { Row } from './outline';
import { Place } from './protocol';
import { StudioSidebar } from './sidebar';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'service-studio:plugin',
  description: 'Design, break and see systems of services beside their notebook.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ILauncher, IMainMenu, IDefaultFileBrowser, IThemeManager, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    menu: IMainMenu | null,
    browser: IDefaultFileBrowser | null,
    themes: IThemeManager | null,
    restorer: ILayoutRestorer | null
  ) => {
    const links = new Links(tracker);
    const dashboards = new Dashboards(app, links, themes);
    new Markers(links);
    const show = (row: Row) => row.place && void showPlace(app, links, row.place);
    const sidebar = new StudioSidebar(links, {
      show: row => show(row),
      act: (row, act) => {
        const name = act.run === 'replay' ? row.key.slice('counterexample/'.length) : row.name;
        void app.commands.execute(`studio:${act.run}`, { name });
      },
      execute: command => void app.commands.execute(command)
    });
    app.shell.add(sidebar, 'left', { rank: 300, type: 'Studio' });
    restorer?.add(sidebar, sidebar.id);
    addCommands(app, links, dashboards, { palette, launcher, menu, browser });
    if (restorer) {
      dashboards.restore(restorer, tracker);
    }
  }
};

/** Jump to a place: a cell of the current notebook, or a file beside it. */
async function showPlace(app: JupyterFrontEnd, links: Links, place: Place): Promise<void> {
  const panel = links.current?.panel;
  if (!panel) {
    return;
  }
  if (place.file) {
    const folder = panel.context.path.split('/').slice(0, -1).join('/');
    await app.commands.execute('docmanager:open', { path: folder ? `${folder}/${place.file}` : place.file });
    return;
  }
  app.shell.activateById(panel.id);
  if (!(await reveal(panel, place))) {
    Notification.info(`The cell \`${place.magic}\` is not in this notebook any more; its declaration stands until \`%studio forget\`.`, {
      autoClose: 5000
    });
  }
}

export default plugin;
