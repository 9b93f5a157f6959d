import { css } from '@emotion/css';
import { renderMarkdown } from '@grafana/data';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { getBackendSrv, isFetchError, PluginPage } from '@grafana/runtime';
import { Alert, Button, LinkButton, RenderUserContentAsHTML, useStyles2 } from '@grafana/ui';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router-dom';
import { lastValueFrom } from 'rxjs';
import { Empty, Loading } from '../../components/states.tsx';
import { href } from '../../constants.ts';
import { t } from '../../i18n.ts';
import { INDEX, sourceOf, split, withLinks } from './runbooks.ts';

/** Null: there is none of that name. */
async function read(name: string): Promise<string | null> {
  const url = sourceOf(name);
  if (url === null) return null;
  try {
    const request = { url, responseType: 'text', showErrorAlert: false } as const;
    return (await lastValueFrom(getBackendSrv().fetch<string>(request))).data;
  } catch (error) {
    if (isFetchError(error) && error.status === 404) return null;
    throw error;
  }
}

/** What to do about an alert. It asks nothing of the collector, which may be what is down. */
export default function RunbookPage() {
  const { alert = INDEX } = useParams();
  const styles = useStyles2(getStyles);
  const runbook = useQuery({ queryKey: ['runbook', alert], queryFn: () => read(alert), staleTime: Infinity });
  const isIndex = alert === INDEX;
  const { title, text } = split(runbook.data ?? '');
  const parentItem = { text: t('pages.runbooks.all', 'Runbooks'), url: href.runbook() };
  const pageNav = isIndex ? parentItem : { text: title ?? alert, parentItem };
  return (
    <PluginPage pageNav={pageNav}>
      {runbook.isPending && <Loading />}
      {runbook.isError && (
        <Alert severity="error" title={t('pages.runbooks.failed', 'The runbook could not be read')}>
          <p>
            <Trans i18nKey="pages.runbooks.failed-text">
              Grafana did not give out the file. Look at your connection and try again; the same text is in
              docs/runbooks of the repository.
            </Trans>
          </p>
          <Button variant="secondary" size="sm" icon="sync" onClick={() => void runbook.refetch()}>
            <Trans i18nKey="pages.runbooks.retry">Try again</Trans>
          </Button>
        </Alert>
      )}
      {runbook.data === null && (
        <Empty
          title={t('pages.runbooks.none', 'There is no runbook for {{alert}}', { alert })}
          button={
            <LinkButton href={href.runbook()}>
              <Trans i18nKey="pages.runbooks.to-all">See all runbooks</Trans>
            </LinkButton>
          }
        />
      )}
      {typeof runbook.data === 'string' && (
        <RenderUserContentAsHTML component="div" className={styles.text} content={renderMarkdown(withLinks(text))} />
      )}
    </PluginPage>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  text: css({
    maxWidth: '80ch',
    h2: { ...theme.typography.h3, marginTop: theme.spacing(3) },
    'p, ul, ol, pre, table': { marginBottom: theme.spacing(2) },
    'ul, ol': { paddingLeft: theme.spacing(3) },
    li: { marginBottom: theme.spacing(0.5) },
    a: { color: theme.colors.text.link, textDecoration: 'underline' },
    pre: { whiteSpace: 'pre-wrap', wordBreak: 'normal', overflowWrap: 'anywhere' },
    'th, td': { padding: theme.spacing(0.5, 2, 0.5, 0), textAlign: 'left', verticalAlign: 'top' },
  }),
});
