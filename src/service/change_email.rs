//! Changes a user's own email address. The user asks for the change with the password and confirms
//! it with a link that is mailed to the new address. Mails to the old address report the change.

use super::AuthService;
use super::change_user::Aftermath;
use super::mail::typed_address;
use crate::domain::account::{User, UserChange};
use crate::domain::error::{Error, FieldProblem, LinkRefusal};
use crate::domain::event::Act;
use crate::domain::link::State;
use crate::domain::mail::{Locale, NoticedAct, Task};
use crate::domain::policy::VERIFICATION_LINK_TTL;
use crate::domain::session::Client;
use crate::ports::Ports;

impl<P: Ports> AuthService<P> {
    /// Queues a mail with a link to the new address, and a notice to the old address. The account's
    /// address changes only when somebody uses the link. Only the owner of the new address learns
    /// whether that address has an account already. The old address gets no mail if nobody has
    /// verified it.
    ///
    /// # Errors
    /// - [`Error::Access`]; [`Error::Field`]; [`Error::CurrentPassword`];
    ///   [`Error::NoMailProvider`]; [`Error::Store`].
    /// - [`Error::RateLimited`]: there were too many attempts, or this is the user's sixth request
    ///   in a day.
    pub async fn change_email(
        &self,
        access_token: &str,
        email: &str,
        current_password: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<User, Error> {
        let (bearer, user) = self.bearer_with_user(access_token).await?;
        let email = typed_address(email)?;
        if email == user.email {
            return Err(Error::Field("email", FieldProblem::Invalid("unchanged")));
        }
        self.check_current_password(&user, current_password, bearer.session, client)
            .await?;
        let address = self.pseudonym(&email);
        let task = Task::NewAddress {
            user: user.id,
            email,
            state: State::for_new_address(&user),
        };
        self.admit_noticed_act(user.id, NoticedAct::AddressChange)
            .await?;
        self.ask_for_mail(task, client.into(), locale.into())
            .await?;
        self.record(Act::EmailChangeRequested {
            user: user.id,
            session: bearer.session,
            address,
        });
        let to = user.email.clone();
        // All requests for the same new address on one day have the same `event`, so the old
        // address gets only one notice for all of them. A request on a later day makes a link that
        // is valid for another day, so the old address gets another notice. The id of the notice's
        // job is made from `event`, and the id is logged and stored. So `event` contains the
        // pseudonym of the new address, not the address itself.
        let day = self.now() / VERIFICATION_LINK_TTL;
        let event = [
            &user.id.as_bytes()[..],
            &user.version.to_be_bytes(),
            address.as_str().as_bytes(),
            &day.to_be_bytes(),
        ];
        self.notify_user_once(&user, Task::AddressChangeAsked { to }, locale, &event)
            .await;
        Ok(user)
    }

    /// Makes the change that a mailed link confirms. Access tokens with the old address become
    /// invalid; the sessions continue.
    ///
    /// # Errors
    /// - [`Error::Link`]: the link is not valid, or another account has got the address meanwhile.
    /// - [`Error::RateLimited`]; [`Error::Store`].
    pub async fn confirm_email(
        &self,
        ticket: &str,
        client: &Client,
        locale: Locale,
    ) -> Result<User, Error> {
        self.admit_client(client).await?;
        let link = self
            .shared
            .links
            .open_new_address(ticket, self.now())
            .ok_or_else(|| self.refuse_link(LinkRefusal::Ticket, None))?;
        self.admit_client_on(&link.account.user.to_string(), client)
            .await?;
        let user = self
            .user_of_link(link.account, State::for_new_address)
            .await?;
        let act = Act::EmailChanged {
            user: user.id,
            address: self.pseudonym(&link.email),
        };
        let leaves = user.email.canonical() != link.email.canonical();
        let freed = &self.shared.freed_addresses;
        let change = UserChange {
            frees: leaves.then(|| freed.freed(&user.email, self.now())),
            email: Some(link.email),
            ..UserChange::default()
        };
        // The notice goes to the old address, unless nobody ever verified it.
        let aftermath = Aftermath::of(vec![act]).telling_user(
            &user,
            Task::AddressChanged {
                to: user.email.clone(),
            },
            locale,
        );
        let user = self
            .redeem(
                link.account,
                State::for_new_address,
                user,
                &change,
                aftermath,
            )
            .await?
            .ok_or_else(|| self.refuse_link(LinkRefusal::EmailTaken, Some(link.account.user)))?;
        Ok(user)
    }
}
