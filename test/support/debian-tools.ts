import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeCacheFolder } from '../../src/runtime/cache-folder.ts'
import { findTool, listLibraries, unpackPackage } from '../../src/runtime/debian-packages.ts'

/** A file of a Debian package, and where the libraries lie that it needs; null where the system has them. */
export type DebianFile = { readonly path: string; readonly libraries: string | null }

/** What shows the system calls of a process. */
export const provideStrace = (): Promise<DebianFile> => provide('strace')

/** What verifies signatures, and was written by nobody here. */
export const provideOpenssl = (): Promise<DebianFile> => provide('openssl')

/** What looks at metrics and raises alerts. */
export const providePrometheus = (): Promise<DebianFile> => provide('prometheus')

/** What judges the rules of alerts. */
export const providePromtool = (): Promise<DebianFile> => provide('promtool', 'prometheus')

/** What asks a Redis from a shell. */
export const provideRedisCli = (): Promise<DebianFile> => provide('redis-cli', 'redis-tools')

/** What stands in front of apis. */
export const provideNginx = (): Promise<DebianFile> => provide('nginx')

/** What stands in front of PostgreSQL. */
export const providePgbouncer = (): Promise<DebianFile> => provide('pgbouncer')

const provide = async (program: string, packageName = program): Promise<DebianFile> => {
  const installed = findTool(program)
  if (installed !== null) return { path: installed, libraries: null }
  const root = await unpack(packageName)
  const path = ['usr/bin', 'usr/sbin'].map((folder) => join(root, folder, program)).find((one) => existsSync(one))
  if (path === undefined) throw new Error(`the package ${packageName} holds no ${program}`)
  return { path, libraries: await listLibraries(root) }
}

let faketime: Promise<string> | undefined

/** What gives a process another clock when it is preloaded. */
export const provideFaketime = async (): Promise<string> => (faketime ??= fetchFaketime())

const fetchFaketime = async (): Promise<string> => {
  const library = findFaketime('/') ?? findFaketime(await unpack('libfaketime'))
  if (library === null) throw new Error('the package libfaketime holds no libfaketime.so.1')
  return library
}

const findFaketime = (root: string): string | null => {
  const folder = join(root, 'usr/lib')
  if (!existsSync(folder)) return null
  return (
    readdirSync(folder)
      .map((name) => join(folder, name, 'faketime/libfaketime.so.1'))
      .find((path) => existsSync(path)) ?? null
  )
}

/** Fetched into the user's cache once, whoever the user is: nothing is installed. */
const unpack = async (name: string): Promise<string> => {
  const cache = makeCacheFolder(name)
  const root = join(cache, 'root')
  if (!existsSync(root)) {
    console.log(`no ${name} on this machine: fetching the Debian package into ${root}`)
    await unpackPackage(name, root, cache)
  }
  return root
}
