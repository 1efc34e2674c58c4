// What the palette, the menu, the launcher and the sidebar's buttons do.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { RankedMenu } from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { insert, runLine } from './cells';
import { Dashboards } from './dashboards';
import { studioIcon, studioLogo } from './icons';
import { Linked, Links } from './links';
import { Entry, Place } from './protocol';
import { insertTemplate, TEMPLATE_KINDS } from './templates';

const KERNEL = 'studio';
const CATEGORY = 'Studio';
const MENU = [
  ['studio:new-notebook'],
  TEMPLATE_KINDS.map(kind => `studio:insert-${kind}`),
  ['studio:run-all', 'studio:hunt', 'studio:stop', 'studio:lint', 'studio:export'],
  ['studio:open-dashboard', 'studio:show-sidebar']
];

export interface Faces {
  palette: ICommandPalette | null;
  launcher: ILauncher | null;
  menu: IMainMenu | null;
  browser: IDefaultFileBrowser | null;
}

export function addCommands(app: JupyterFrontEnd, links: Links, dashboards: Dashboards, faces: Faces): void {
  const { commands } = app;
  const hasNotebook = () => links.current !== null;
  const hasScenarios = () => scenariosOf(links.current).length > 0;
  const isReady = () => links.current?.link.state === 'ready';
  const withNotebook = (act: (linked: Linked) => unknown) => () => (links.current ? act(links.current) : undefined);

  commands.addCommand('studio:new-notebook', {
    label: args => (args['isLauncher'] ? 'Studio notebook' : 'New Studio Notebook'),
    caption: 'Begin a notebook in the Studio kernel',
    icon: args => (args['isPalette'] ? undefined : args['isLauncher'] ? studioLogo : studioIcon),
    execute: args =>
      commands.execute('notebook:create-new', {
        cwd: (args['cwd'] as string) || faces.browser?.model.path || '',
        kernelName: KERNEL,
        activate: true
      })
  });
  for (const kind of TEMPLATE_KINDS) {
    commands.addCommand(`studio:insert-${kind}`, {
      label: `New ${kind === 'contracts' ? 'Contracts' : kind[0].toUpperCase() + kind.slice(1)} Cell`,
      caption: `Insert a small ${kind} cell below, ready to be changed`,
      isEnabled: hasNotebook,
      execute: withNotebook(({ panel }) => insertTemplate(panel, kind))
    });
  }
  commands.addCommand('studio:run-all', {
    label: 'Run All Scenarios',
    caption: 'Run every scenario in a cell of its own, one after the other',
    isEnabled: hasScenarios,
    execute: withNotebook(runAll)
  });
  commands.addCommand('studio:simulate', {
    label: args => `Run ${args['name'] ?? 'a Scenario'}`,
    isEnabled: hasNotebook,
    execute: args => runScenario(links.current, 'simulate', args)
  });
  commands.addCommand('studio:hunt', {
    label: args => (args['name'] ? `Hunt in ${args['name']}` : 'Hunt for a Counterexample …'),
    caption: 'Search for the fewest faults that break a promise of a scenario',
    isEnabled: hasScenarios,
    execute: args => runScenario(links.current, 'hunt', args)
  });
  commands.addCommand('studio:replay', {
    label: args => `Replay ${args['name'] ?? 'a Counterexample'}`,
    isEnabled: hasNotebook,
    execute: args => {
      if (links.current && typeof args['name'] === 'string') {
        void runLine(links.current.panel, `studio.replay(${JSON.stringify(args['name'])})`);
      }
    }
  });
  commands.addCommand('studio:stop', {
    label: 'Stop What Runs',
    caption: 'Interrupt the kernel; what was found so far is kept',
    isEnabled: hasNotebook,
    execute: withNotebook(({ panel }) => panel.sessionContext.session?.kernel?.interrupt())
  });
  commands.addCommand('studio:lint', {
    label: 'Lint the Architecture',
    caption: 'Show all findings in a cell: %lint',
    isEnabled: isReady,
    execute: withNotebook(({ panel }) => runLine(panel, '%lint'))
  });
  commands.addCommand('studio:export', {
    label: 'Export as a Package …',
    caption: 'Write the system as a package that runs, in a cell: %export',
    isEnabled: isReady,
    execute: withNotebook(exportPackage)
  });
  commands.addCommand('studio:open-dashboard', {
    label: 'Open Dashboard',
    caption: 'Show the dashboard of the current notebook’s kernel beside it',
    icon: args => (args['isPalette'] ? undefined : studioIcon),
    isEnabled: isReady,
    execute: args => dashboards.open(typeof args['path'] === 'string' ? links.at(args['path']) : links.current, args)
  });
  commands.addCommand('studio:show-sidebar', {
    label: 'Show Studio Sidebar',
    execute: () => app.shell.activateById('studio-sidebar')
  });
  commands.addCommand('studio:load', {
    label: 'Load Studio in This Kernel',
    caption: 'Insert and run %load_ext studio',
    isEnabled: hasNotebook,
    execute: withNotebook(async ({ panel, link }) => {
      const standing = panel.content.widgets.some(cell => cell.model.sharedModel.getSource().trim() === '%load_ext studio');
      if (!standing) {
        insert(panel, 0, '%load_ext studio');
      }
      await runLine(panel, '%load_ext studio');
      link.retry();
    })
  });
  commands.addCommand('studio:switch-kernel', {
    label: 'Use the Studio Kernel',
    caption: 'Begin anew in the Studio kernel; what the present kernel holds is lost',
    isEnabled: hasNotebook,
    execute: withNotebook(({ panel }) => panel.sessionContext.changeKernel({ name: KERNEL }))
  });
  const refresh = () => MENU.flat().forEach(command => commands.notifyCommandChanged(command));
  links.currentChanged.connect(refresh);
  links.changed.connect(refresh);
  addFaces(app, faces);
}

function addFaces(app: JupyterFrontEnd, { palette, launcher, menu }: Faces): void {
  launcher?.add({ command: 'studio:new-notebook', args: { isLauncher: true }, category: CATEGORY, rank: 0 });
  for (const command of [...MENU.flat(), 'studio:load', 'studio:switch-kernel']) {
    palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
  }
  if (menu) {
    const studio = new RankedMenu({ commands: app.commands });
    studio.title.label = 'Studio';
    studio.id = 'jp-mainmenu-studio';
    MENU.forEach((group, index) => studio.addGroup(group.map(command => ({ command })), index));
    menu.addMenu(studio, false, { rank: 60 });
  }
}

function scenariosOf(linked: Linked | null): Entry[] {
  return linked?.link.inventory?.scenarios ?? [];
}

function placeOf(linked: Linked, scenario: string): Place | null {
  return scenariosOf(linked).find(each => each.name === scenario)?.place ?? null;
}

async function runScenario(linked: Linked | null, magic: string, args: ReadonlyPartialJSONObject): Promise<void> {
  const name = typeof args['name'] === 'string' ? args['name'] : await chosen(linked, magic);
  if (linked && name) {
    await runLine(linked.panel, `%${magic} ${name}`, placeOf(linked, name));
  }
}

async function chosen(linked: Linked | null, magic: string): Promise<string | null> {
  const names = scenariosOf(linked).map(each => each.name);
  if (names.length < 2) {
    return names[0] ?? null;
  }
  const answer = await InputDialog.getItem({ title: `Which scenario to ${magic === 'hunt' ? 'hunt in' : 'run'}?`, items: names });
  return answer.button.accept ? answer.value : null;
}

async function runAll(linked: Linked): Promise<void> {
  for (const { name, place } of scenariosOf(linked)) {
    if (!(await runLine(linked.panel, `%simulate ${name}`, place))) {
      Notification.warning(`${name} could not be run; the scenarios after it were not begun.`);
      return;
    }
  }
}

async function exportPackage({ panel }: Linked): Promise<void> {
  const name = panel.title.label.replace(/\.ipynb$/, '').replace(/[^\w.-]+/g, '-').toLowerCase();
  const answer = await InputDialog.getText({ title: 'Export to which folder?', text: `dist/${name}`, okLabel: 'Export' });
  const folder = answer.value?.trim();
  if (answer.button.accept && folder) {
    await runLine(panel, `%export ${/^[\w./-]+$/.test(folder) ? folder : `'${folder.replace(/'/g, `'"'"'`)}'`}`);
  }
}
