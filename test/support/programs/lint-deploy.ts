// npm run lint:deploy: what the schemas of Kubernetes, KEDA, the Gateway API and the Prometheus operator refuse in deploy/kubernetes/, and fields that they do not know.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { missingFiles, readKustomizations, readManifests, schemaProblems, writeTyped } from '../kubernetes-files.ts'

const typedFolder = join(import.meta.dirname, '../../../.cache/lint-deploy')

const manifests = readManifests()
const problems = [
  ...manifests.flatMap(schemaProblems),
  ...readKustomizations().flatMap((one) => missingFiles(one).map((name) => `${one.path}: ${name} is not there`)),
]
for (const problem of problems) console.error(problem)
writeTyped(manifests, typedFolder)
const { status } = spawnSync('tsc', ['-p', typedFolder], { stdio: 'inherit' })
if (problems.length > 0 || status !== 0) process.exitCode = 1
else console.log(`${manifests.length} manifests keep to their schemas`)
