import { css } from '@emotion/css';
import { dateTimeFormat } from '@grafana/data';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { RunStep } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { factOf } from './evidence.ts';
import type { Fact } from './evidence.ts';

/** What was asked and what came back, as a list; as JSON at its end, for who compares or copies. */
export function Evidence({ step }: { readonly step: RunStep }) {
  const styles = useStyles2(getStyles);
  return (
    <details className={styles.details}>
      <summary>{t('run.evidence.title', 'Evidence of “{{step}}”', { step: step.title })}</summary>
      <div className={styles.facts}>
        <FactView fact={factOf(step.evidence)} />
      </div>
      <details className={styles.details}>
        <summary>{t('run.evidence.json', 'As JSON')}</summary>
        <pre className={styles.json}>{JSON.stringify(step.evidence, null, 2)}</pre>
      </details>
    </details>
  );
}

function FactView({ fact }: { readonly fact: Fact }) {
  const styles = useStyles2(getStyles);
  switch (fact.kind) {
    case 'value':
      if (fact.as === 'instant') return <>{dateTimeFormat(fact.text)}</>;
      return fact.as === 'hash' ? <code title={fact.text}>{fact.text.slice(0, 12)}…</code> : <>{fact.text}</>;
    case 'table':
      return (
        <table className={styles.table}>
          <thead>
            <tr>
              <td />
              {fact.columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {fact.rows.map(({ name, cells }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell, index) => (
                  <td key={index}>
                    <FactView fact={cell} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
    case 'list':
      return fact.items.length === 0 ? (
        <>–</>
      ) : (
        <ul className={styles.list}>
          {fact.items.map((item, index) => (
            <li key={index}>
              <FactView fact={item} />
            </li>
          ))}
        </ul>
      );
    case 'members':
      return (
        <dl className={styles.members}>
          {fact.members.map(({ name, fact: member }) => (
            <div key={name} className={member.kind === 'value' ? styles.line : undefined}>
              <dt>{name}</dt>
              <dd>
                <FactView fact={member} />
              </dd>
            </div>
          ))}
        </dl>
      );
  }
}

const getStyles = (theme: GrafanaTheme2) => ({
  details: css({
    marginTop: theme.spacing(0.5),
    summary: { cursor: 'pointer', color: theme.colors.text.link, fontSize: theme.typography.bodySmall.fontSize },
  }),
  facts: css({ overflowX: 'auto' }),
  json: css({ maxHeight: 320, overflow: 'auto', fontSize: theme.typography.bodySmall.fontSize }),
  list: css({ margin: 0, paddingLeft: theme.spacing(2) }),
  table: css({
    fontSize: theme.typography.bodySmall.fontSize,
    'th, td': { padding: theme.spacing(0.25, 1), textAlign: 'left', verticalAlign: 'top', overflowWrap: 'anywhere' },
    th: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular, minWidth: 90 },
    ul: { listStyle: 'none', padding: 0 },
  }),
  members: css({
    margin: 0,
    fontSize: theme.typography.bodySmall.fontSize,
    dt: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular },
    dd: { margin: 0, overflowWrap: 'anywhere', overflowX: 'auto' },
    'dd > dl, dd > ul, dd > table': { marginLeft: theme.spacing(1.5) },
  }),
  line: css({ display: 'grid', gridTemplateColumns: '130px minmax(0, 1fr)', gap: theme.spacing(1) }),
});
