/** Renders the page for each request. Without this line Next.js would render it once, at build time. */
export const dynamic = 'force-dynamic'

export default function Page() {
  return <h1>Hello from worker {process.pid}</h1>
}
