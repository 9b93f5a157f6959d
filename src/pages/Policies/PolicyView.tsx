import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { TextLink, useStyles2 } from '@grafana/ui';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { href } from '../../constants.ts';
import { severityWord } from '../../words.ts';
import { formOf } from './form/form.ts';
import type { FieldName, PolicyForm } from './form/fields.ts';
import { Columns, Group } from './Group.tsx';
import { fieldGroups } from './groups.ts';
import { NOTHING, textOf } from './review/differences.ts';
import { driftModeText, fieldWord } from './words.ts';

/** Fields whose default is worth saying; of the others what is not set is left out. */
const ALWAYS: readonly FieldName[] = [
  'driftMode',
  'desired.allowAutoRemediation',
  'unknownConfigSeverity',
  'desired.bridgeVersion',
  'minimumBridgeVersion',
  'desired.configRevision',
  'desired.maxSyncLagMs',
  'requireSignature',
  'requiredTags',
  'guardrails.automation',
];

/** What a policy expects, in groups that one can read. */
export function PolicyView({ policy }: { readonly policy: PolicyProfile }) {
  const styles = useStyles2(getStyles);
  const form = formOf(policy);
  return (
    <Columns>
      {fieldGroups().map(({ id, title, hint, fields }) => {
        const shown = fields.filter((name) => ALWAYS.includes(name) || textOf(name, form) !== NOTHING);
        return (
          <Group key={id} title={title} hint={hint}>
            {shown.length === 0 ? (
              <span>{NOTHING}</span>
            ) : (
              <dl className={styles.list}>
                {shown.map((name) => (
                  <div key={name}>
                    <dt>{fieldWord(name)}</dt>
                    <dd>
                      <Value name={name} form={form} policy={policy} />
                    </dd>
                  </div>
                ))}
              </dl>
            )}
          </Group>
        );
      })}
    </Columns>
  );
}

interface ValueProps {
  readonly name: FieldName;
  readonly form: PolicyForm;
  readonly policy: PolicyProfile;
}

function Value({ name, form, policy }: ValueProps) {
  if (name === 'driftMode') return <>{driftModeText(policy.driftMode)}</>;
  if (name === 'unknownConfigSeverity') return <>{severityWord(policy.unknownConfigSeverity)}</>;
  const revision = form['desired.configRevision'];
  if (name === 'desired.configRevision' && revision !== '')
    return <TextLink href={href.configuration(revision)}>{textOf(name, form)}</TextLink>;
  return <>{textOf(name, form)}</>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    margin: 0,
    '> div': {
      display: 'grid',
      gridTemplateColumns: 'minmax(160px, 1fr) 2fr',
      gap: theme.spacing(2),
      padding: theme.spacing(0.75, 0),
      borderTop: `1px solid ${theme.colors.border.weak}`,
    },
    dt: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular },
    dd: { margin: 0, overflowWrap: 'anywhere' },
  }),
});
