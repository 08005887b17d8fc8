// npx next build, then, as in the documentation of Next.js:
// cp -r public .next/standalone/ && cp -r .next/static .next/standalone/.next/
// unicorn --workers 4 .next/standalone/server.js
export default { output: 'standalone' }
