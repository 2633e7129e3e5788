import { generate } from 'selfsigned'

export type Certified = { readonly cert: string; readonly key: string }

/** An authority that nobody knows. */
export async function makeAuthority(): Promise<Certified> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'an authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  })
  return { cert: cert.trim(), key: key.trim() }
}

/** What the authority signs for `localhost`, as server and as client. */
export async function certify(authority: Certified): Promise<Certified> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'somebody' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: authority,
    extensions: [
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
  return { cert: cert.trim(), key: key.trim() }
}
