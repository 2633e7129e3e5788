type Panel = {
  readonly type: string
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

export type ShownPanel = { readonly title: string; readonly queries: readonly string[] }

/** What a dashboard shows: its rows, and what each panel asks Prometheus, with times and all namespaces in the place of what only Grafana knows. */
export const readPanels = (
  text: string,
): { readonly rows: readonly string[]; readonly panels: readonly ShownPanel[] } => {
  // A dashboard as Grafana exports it.
  const { panels } = JSON.parse(text) as { readonly panels: readonly Panel[] }
  const isRow = ({ type }: Panel): boolean => type === 'row'
  return {
    rows: panels.filter(isRow).map(({ title }) => title),
    panels: panels
      .filter((panel) => !isRow(panel))
      .map(({ title, targets = [] }) => ({
        title,
        queries: targets.map(({ expr }) =>
          expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '5m').replaceAll('$namespace', '.*'),
        ),
      })),
  }
}
