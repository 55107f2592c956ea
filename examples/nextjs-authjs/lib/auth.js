// Auth.js with edgegate as its OpenID Connect provider. Auth.js itself reads the environment
// variable AUTH_SECRET. It encrypts the session of this app with that secret.
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
    // Adds the user's id to the session. The id stays the same when the user's email address
    // changes.
    session: ({ session, token }) => ({ ...session, user: { ...session.user, id: token.sub } }),
    // Uses the user's id from edgegate. Without this line, Auth.js would make a new id at each
    // sign-in.
    jwt: ({ token, profile }) => (profile ? { ...token, sub: profile.sub } : token),
  },
});
