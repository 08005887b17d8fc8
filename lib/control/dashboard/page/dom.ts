/** Returns the element of the page that has this id. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (!found) throw new Error(`no element is #${id}`)
  return found as E // page.html has it
}

/** Makes an element. What it holds is text, never HTML: it may have been named by others. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { className = '' }: { className?: string } = {},
  ...content: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...content)
  return made
}

/** Returns the value of a colour of page.css, light or dark. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
