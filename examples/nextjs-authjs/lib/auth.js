// Auth.js with edgegate as its OpenID Connect provider. Auth.js reads AUTH_SECRET, which encrypts
// the session of this app, from the environment.
import NextAuth from "next-auth";

export const {
  AUTH_EDGEGATE_ISSUER: issuer,
  AUTH_EDGEGATE_ID: clientId,
  AUTH_EDGEGATE_SECRET: clientSecret,
} = process.env;

export const { handlers, auth, signIn, signOut } = NextAuth({
  providers: [
    {
      id: "edgegate",
      name: "edgegate",
      type: "oidc",
      issuer,
      clientId,
      clientSecret,
      checks: ["pkce", "state", "nonce"],
    },
  ],
  callbacks: {
    // The user's id, which does not change when the user's email address changes.
    session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub } }),
    // Without this, Auth.js would make a new id at each sign-in. This uses the id from edgegate.
    jwt: ({ token, profile }) => (profile ? { ...token, sub: profile.sub } : token),
  },
});
