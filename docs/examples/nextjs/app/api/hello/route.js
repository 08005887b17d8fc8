export function GET() {
  return Response.json({ worker: process.pid })
}

export async function POST(request) {
  const body = await request.json()
  return Response.json({ worker: process.pid, body }, { status: 201 })
}
