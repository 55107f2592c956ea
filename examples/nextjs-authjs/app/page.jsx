import { redirect } from "next/navigation";
import { auth, issuer, signIn, signOut } from "../lib/auth.js";

async function enter() {
  "use server";
  await signIn("edgegate");
}

async function leave() {
  "use server";
  await signOut();
}

/**
 * Ends the session of this app, and then the session at edgegate. edgegate first asks the person
 * for a confirmation.
 */
async function leaveEverywhere() {
  "use server";
  await signOut({ redirect: false });
  redirect(`${issuer}/auth/logout`);
}

export default async function Page() {
  const { user } = (await auth()) ?? {};
  return (
    <main>
      <h1>An app with Auth.js</h1>
      {user ? (
        <>
          <p>
            Signed in as <strong id={user.id}>{user.email}</strong>.
          </p>
          <form action={leave}>
            <button type="submit">Sign out</button>
          </form>
          <form action={leaveEverywhere}>
            <button type="submit">Sign out everywhere</button>
          </form>
        </>
      ) : (
        <form action={enter}>
          <button type="submit">Sign in</button>
        </form>
      )}
    </main>
  );
}
