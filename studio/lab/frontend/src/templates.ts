// The cells that commands insert, as they stand in studio/lab/templates.

import { NotebookPanel } from '@jupyterlab/notebook';

import contracts from '../../templates/contracts.txt';
import invariant from '../../templates/invariant.txt';
import saga from '../../templates/saga.txt';
import scenario from '../../templates/scenario.txt';
import service from '../../templates/service.txt';
import { insertBelowActive, sourceOf } from './cells';

export type TemplateKind = 'contracts' | 'service' | 'saga' | 'scenario' | 'invariant';

interface Template {
  text: string;
  needs: TemplateKind[]; // inserted too where a notebook has no cell of that kind, so that it runs as it stands
}

const TEMPLATES: Record<TemplateKind, Template> = {
  contracts: { text: contracts, needs: [] },
  service: { text: service, needs: [] },
  saga: { text: saga, needs: ['contracts', 'service'] },
  scenario: { text: scenario, needs: ['service'] },
  invariant: { text: invariant, needs: ['service'] }
};

export const TEMPLATE_KINDS = Object.keys(TEMPLATES) as TemplateKind[];

export function insertTemplate(panel: NotebookPanel, kind: TemplateKind): void {
  const has = (each: TemplateKind) => panel.content.widgets.some(cell => sourceOf(cell).trimStart().startsWith(`%%${each}`));
  for (const each of [...TEMPLATES[kind].needs.filter(needed => !has(needed)), kind]) {
    insertBelowActive(panel, TEMPLATES[each].text.trimEnd());
  }
}
