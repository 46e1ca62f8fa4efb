//! What is no object of the API but issued anew each time: credentials.

use lakebase_api::CredentialRequest;
use tfplugin::{Call, Object, ResourceAnswer};

use super::{Attempt, Lifecycle, Purpose};
use crate::model::table::Table;
use crate::model::tf::Tf;
use crate::model::{encode, meaning};
use crate::resources::credential::{CLAIMS, ENDPOINT_NAME, EXPIRE_TIME, TOKEN, TTL};

impl Lifecycle {
    /// Issues a credential where the plan asks for one. A delete forgets it: it ends by itself.
    pub(super) async fn issue(
        &self,
        table: &Table,
        planned: Option<Object>,
        call: &Call,
    ) -> ResourceAnswer {
        let Some(mut planned) = planned else { return ResourceAnswer::default() };
        if TOKEN.of(&planned) != Tf::Unknown {
            return ResourceAnswer { state: Some(planned), ..ResourceAnswer::default() };
        }
        let deadline = self.deadline(table, &planned, Purpose::Create, call);
        let request = credential_request(&planned);
        match self.client.generate_credential(&request, &deadline).await {
            Ok(credential) => {
                TOKEN.put(&mut planned, Tf::Known(credential.token.expose().to_owned()));
                EXPIRE_TIME.put(&mut planned, Tf::Known(credential.expire_time.to_string()));
                ResourceAnswer { state: Some(planned), ..ResourceAnswer::default() }
            }
            Err(error) => {
                let attempt =
                    Attempt { verb: "issue", noun: "credential for", name: &request.endpoint };
                attempt.failed(&self.client, None, &error).into()
            }
        }
    }
}

/// What a configuration or a plan asks for.
pub fn credential_request(object: &Object) -> CredentialRequest {
    let ttl = TTL.of(object).known().and_then(|it| meaning::duration(&it).ok());
    let claims = object.get(CLAIMS.name()).filter(|it| it.is_known());
    let claims = claims.map(|it| encode::json(&CLAIMS.any(), it));
    CredentialRequest {
        endpoint: ENDPOINT_NAME.of(object).known().unwrap_or_default(),
        ttl: ttl.map(jiff::SignedDuration::unsigned_abs),
        claims: claims.and_then(|claims| claims.as_array().cloned()).unwrap_or_default(),
    }
}
