// An OpenID provider for tests. Its one argument is JSON:
//   clients   as oidc-provider takes them
//   accounts  claims by subject
//   groupsIn  "id_token" or "userinfo": where the claims of an account are found
// It listens on a port that the kernel chooses, and writes its issuer as a line of JSON.

import { createServer } from 'node:http';
import { webcrypto } from 'node:crypto';

// node 18 lacks it
globalThis.crypto ??= webcrypto;
const { Provider } = await import('oidc-provider');

const { clients, accounts, groupsIn } = JSON.parse(process.argv[2]);
const server = createServer();
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients,
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name', 'preferred_username'],
    groups: ['groups'],
  },
  // true keeps them out of id tokens
  conformIdTokenClaims: groupsIn !== 'id_token',
  cookies: { keys: ['cookies of a test'] },
  pkce: { required: () => false },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    rpInitiatedLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, audience) => ({
        audience,
        scope: 'pull push',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  findAccount: (_context, accountId) => {
    const own = accounts[accountId];
    if (!own) return undefined;
    return {
      accountId,
      claims: async (use) => {
        const { groups, ...rest } = own;
        const all = { sub: accountId, ...rest };
        return use === groupsIn ? { ...all, groups } : all;
      },
    };
  },
});

server.on('request', provider.callback());
console.log(JSON.stringify({ issuer }));
