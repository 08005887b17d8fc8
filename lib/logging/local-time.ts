const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const two = (value: number) => String(value).padStart(2, '0')
const clock = (date: Date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`

/** Returns the offset from UTC as `+0130`: strftime's %z. */
function offset(date: Date): string {
  const east = -date.getTimezoneOffset()
  const minutes = Math.abs(east)
  return `${east < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`
}

/** Renders local time as Gunicorn's error log does: `[2026-11-22 13:31:07 +0000]`. */
export function errorLogTime(date: Date): string {
  return `[${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)} ${offset(date)}]`
}

/** Renders local time as the Common Log Format does: `[22/Nov/2026:13:31:07 +0000]`. */
export function commonLogTime(date: Date): string {
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`
  return `[${day}:${clock(date)} ${offset(date)}]`
}

/** Makes a renderer that calls `render` once for all times within one second. It takes milliseconds since the epoch. */
export function oncePerSecond(render: (date: Date) => string): (milliseconds: number) => string {
  let second = Number.NaN
  let text = ''
  return milliseconds => {
    const now = Math.floor(milliseconds / 1000)
    if (now !== second) {
      second = now
      text = render(new Date(milliseconds))
    }
    return text
  }
}
