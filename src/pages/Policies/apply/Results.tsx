import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Button, Icon, Stack, TextLink, useStyles2 } from '@grafana/ui';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { useState } from 'react';
import type { Applied, ApplyToMany } from '../../../api/apply-policy.ts';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { PagedTable } from '../../../components/FaultTable/PagedTable.tsx';
import { href } from '../../../constants.ts';
import { t } from '../../../i18n.ts';

interface Props {
  readonly policy: PolicyProfile;
  readonly apply: ApplyToMany;
  readonly onClose: () => void;
}

/** How far it is, and what became of each target. */
export function Results({ policy, apply: { results, busy, run, stop }, onClose }: Props) {
  const [asks, setAsks] = useState(false);
  const all = [...results];
  const count = (state: Applied['state']): number => all.filter(([, each]) => each.state === state).length;
  const done = count('done');
  const left = all.filter(([, { state }]) => state === 'failed' || state === 'stopped').map(([id]) => id);
  return (
    <Stack direction="column" gap={2}>
      <div role="status">
        <Alert
          severity={busy ? 'info' : left.length > 0 ? 'warning' : 'success'}
          title={
            busy
              ? t('policies.result.busy', '{{done}} of {{all}} targets have {{name}} now', {
                  done,
                  all: all.length,
                  name: policy.name,
                })
              : t('policies.result.done', '{{done}} of {{all}} targets got {{name}}', {
                  done,
                  all: all.length,
                  name: policy.name,
                })
          }
        >
          <progress
            className={useStyles2(getStyles).bar}
            max={all.length}
            value={done + count('failed')}
            aria-label={t('policies.result.progress', 'Progress')}
          />
        </Alert>
      </div>
      <PagedTable
        label={t('policies.result.table', 'What became of each target')}
        items={all}
        head={
          <>
            <th scope="col">{t('policies.apply.target', 'Target')}</th>
            <th scope="col">{t('policies.result.result', 'Result')}</th>
          </>
        }
        row={([id, applied]) => (
          <tr key={id}>
            <th scope="row">
              <TextLink href={href.target(id)} inline={false}>
                {id}
              </TextLink>
            </th>
            <td>
              <Outcome applied={applied} />
            </td>
          </tr>
        )}
      />
      <Stack direction="row" gap={1}>
        {busy && (
          <Button variant="secondary" onClick={stop}>
            {t('policies.result.stop', 'Stop after this one')}
          </Button>
        )}
        {!busy && left.length > 0 && (
          <Button variant="secondary" onClick={() => setAsks(true)}>
            {t('policies.result.again', 'Try the other {{left}} again…', { left: left.length })}
          </Button>
        )}
        {!busy && (
          <Button variant="secondary" fill="outline" onClick={onClose}>
            {t('policies.apply.cancel', 'Back to the policy')}
          </Button>
        )}
      </Stack>
      {asks && (
        <ActionDialog
          title={t('policies.result.again-title', 'Apply {{name}} to {{left}} targets again?', {
            name: policy.name,
            left: left.length,
          })}
          confirm={t('policies.apply.confirm', 'Apply the policy')}
          onConfirm={(reason) => {
            void run(left, reason);
            return Promise.resolve();
          }}
          onDismiss={() => setAsks(false)}
        >
          <p>{left.join(', ')}</p>
        </ActionDialog>
      )}
    </Stack>
  );
}

function Outcome({ applied }: { readonly applied: Applied }) {
  switch (applied.state) {
    case 'waiting':
      return <span>{t('policies.result.waiting', 'Waits for its turn')}</span>;
    case 'working':
      return <span>{t('policies.result.working', 'Under way…')}</span>;
    case 'stopped':
      return <span>{t('policies.result.stopped', 'Not done: stopped before its turn')}</span>;
    case 'done':
      return (
        <span>
          <Icon name="check" /> {t('policies.result.applied', 'Applied')}
        </span>
      );
    case 'failed':
      return (
        <span>
          <Icon name="exclamation-circle" /> {t('policies.result.failed', 'Not applied:')} {applied.why}
        </span>
      );
  }
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({ width: '100%', accentColor: theme.colors.primary.main }),
});
