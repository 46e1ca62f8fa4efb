//! Provider functions.

use super::call::{Rpc, caught};
use super::{Server, wire};
use crate::generated::tfplugin6::{self, DynamicValue, call_function};
use crate::{Diagnostic, Function, FunctionError, Value};

pub(super) async fn call(
    server: &Server,
    request: call_function::Request,
) -> call_function::Response {
    let rpc = server.begin("CallFunction", &request.name);
    match caught(result(&rpc, request)).await.map_err(failed).flatten() {
        Ok(result) => call_function::Response { result: Some(result), error: None },
        Err(FunctionError { text, argument }) => call_function::Response {
            result: None,
            error: Some(tfplugin6::FunctionError { text, function_argument: argument }),
        },
    }
}

async fn result(
    rpc: &Rpc<'_>,
    request: call_function::Request,
) -> Result<DynamicValue, FunctionError> {
    let functions = &rpc.catalog().map_err(failed)?.schemas.functions;
    let name = request.name;
    let function = functions.get(&name).ok_or_else(|| FunctionError {
        text: format!("The provider has no function `{name}`."),
        argument: None,
    })?;
    let arguments = arguments(function, request.arguments)?;
    let asked = rpc.ask(|provider| async move { provider.call_function(&name, arguments) });
    let result = asked.await.map_err(failed)??;
    let msgpack = result.to_msgpack(&function.returns).map_err(|error| FunctionError {
        text: format!("The result does not fit the function's own type: {error}. This is a bug."),
        argument: None,
    })?;
    Ok(DynamicValue { msgpack, json: Vec::new() })
}

fn arguments(
    function: &Function,
    messages: Vec<DynamicValue>,
) -> Result<Vec<Value>, FunctionError> {
    let (given, named) = (messages.len(), function.parameters.len());
    if given < named || given > named && function.variadic.is_none() {
        let text = format!("The function takes {named} arguments and was given {given}.");
        return Err(FunctionError { text, argument: None });
    }
    let parameters = function.parameters.iter().chain(function.variadic.iter().cycle());
    let arguments = (0..).zip(parameters.zip(messages));
    let read = arguments.map(|(at, (parameter, message))| {
        wire::value("argument", &parameter.r#type, Some(message))
            .map_err(|diagnostic| FunctionError { argument: Some(at), ..failed(diagnostic) })
    });
    read.collect()
}

fn failed(diagnostic: Diagnostic) -> FunctionError {
    let Diagnostic { summary, detail, .. } = diagnostic;
    FunctionError { text: format!("{summary}: {detail}"), argument: None }
}

#[cfg(test)]
mod tests {
    use tonic::Request;

    use super::super::fake::Fake;
    use super::*;
    use crate::Type;
    use crate::generated::tfplugin6::provider_server::Provider;

    async fn called(fake: Fake, name: &str, arguments: &[Value]) -> Result<String, String> {
        let arguments = arguments.iter().map(|argument| {
            let r#type = if argument.as_bool().is_some() { Type::Bool } else { Type::String };
            let msgpack = argument.to_msgpack(&r#type).expect("an argument is text or a bool");
            DynamicValue { msgpack, json: vec![] }
        });
        let request =
            call_function::Request { name: name.to_owned(), arguments: arguments.collect() };
        let answer = fake.serve().call_function(Request::new(request)).await;
        match answer.expect("no status").into_inner() {
            call_function::Response { result: Some(result), error: None } => {
                let result = Value::from_msgpack(&Type::String, &result.msgpack);
                Ok(result.expect("the result is text").to_json().to_string())
            }
            call_function::Response { result: None, error: Some(error) } => {
                Err(format!("{:?}: {}", error.function_argument, error.text))
            }
            other => panic!("a result or an error is expected, not {other:?}"),
        }
    }

    #[tokio::test]
    async fn protocol_46_functions_answer_by_their_arguments_alone_without_configuration() {
        for (arguments, result) in [
            (vec!["a".into()], Ok(r#""a""#)),
            (vec!["a".into(), "b".into(), "c".into()], Ok(r#""a b c""#)),
            (vec![], Err("None: The function takes 1 arguments and was given 0.")),
            (
                vec!["a".into(), "b".into(), true.into()],
                Err("Some(2): Unreadable argument: The argument that Terraform sent does not fit \
                     the provider's schema: a string is expected, not msgpack's True. This is a \
                     bug in the provider."),
            ),
        ] {
            let called = called(Fake::default(), "join", &arguments).await;
            assert_eq!(called.as_deref().map_err(String::as_str), result);
        }
    }

    #[tokio::test]
    async fn function_failure_is_returned_as_function_error() {
        let own = |_| Err(FunctionError { text: "No.".to_owned(), argument: Some(0) });
        let own = Fake { function: own, ..Fake::default() };
        assert_eq!(called(own, "join", &["a".into()]).await, Err("Some(0): No.".to_owned()));
        let panicking = Fake { function: |_| panic!("oh"), ..Fake::default() };
        let error = called(panicking, "join", &["a".into()]).await.expect_err("it panics");
        assert!(error.starts_with("None: The provider panicked: `CallFunction` for `join`"));
        let mistyped = Fake { function: |_| Ok(true.into()), ..Fake::default() };
        let error = called(mistyped, "join", &["a".into()]).await.expect_err("it is no text");
        assert!(error.starts_with("None: The result does not fit"), "{error}");
        let absent = called(Fake::default(), "split", &[]).await;
        assert_eq!(absent, Err("None: The provider has no function `split`.".to_owned()));
    }
}
