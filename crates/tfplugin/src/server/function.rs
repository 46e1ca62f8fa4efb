//! Provider functions.

use super::call::Rpc;
use super::{Server, wire};
use crate::generated::tfplugin6::{self, DynamicValue, call_function};
use crate::{Diagnostic, Function, FunctionError, Value};

pub(super) async fn call(
    server: &Server,
    request: call_function::Request,
) -> call_function::Response {
    let rpc = server.begin("CallFunction", &request.name);
    match result(&rpc, request).await {
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
    let asked = rpc.ask(|it| async move { it.call_function(&name, arguments) });
    let result = asked.await.map_err(failed)??;
    let msgpack = result.to_msgpack(&function.returns).map_err(|it| FunctionError {
        text: format!("The result does not fit the function's own type: {it}. This is a bug."),
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
            .map_err(|it| FunctionError { argument: Some(at), ..failed(it) })
    });
    read.collect()
}

fn failed(diagnostic: Diagnostic) -> FunctionError {
    let Diagnostic { summary, detail, .. } = diagnostic;
    FunctionError { text: format!("{summary}: {detail}"), argument: None }
}
