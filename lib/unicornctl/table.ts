/** Control characters, which a terminal would obey. */
const CONTROL = /\p{Cc}/gu

export interface Column {
  readonly title: string
  /** Figures stand at the right. */
  readonly isFigure?: boolean
}

/** Writes rows below the titles of their columns, two spaces between them. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map(row => row.map(plain))]
  const widths = columns.map((_, at) => Math.max(...cells.map(row => row[at]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (columns[at]?.isFigure ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${cells.map(line).join('\n')}\n`
}

/** A text that does nothing to a terminal. */
export function plain(text: string): string {
  return text.replace(CONTROL, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** A duration for people, of two units at most: `3h 12m`, `5s`, `120ms`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))}ms`
  const seconds = Math.floor(milliseconds / 1000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .flatMap(([count, unit]) => (count > 0 ? [`${count}${unit}`] : []))
    .join(' ')
}

/** A duration of a request: `1.2 ms`, `35 ms`, `2.1 s`; `-` if it is not known. */
export function latencyText(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '-'
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
}

/** A size in memory, in MB; `-` if it is not known. */
export function sizeText(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${Math.round(bytes / 1024 ** 2)} MB`
}

/** A share, in percent; `-` if it is not known. */
export function percentText(share: number | undefined): string {
  return share === undefined ? '-' : `${Math.round(share * 100)} %`
}
