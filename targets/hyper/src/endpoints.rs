//! Routes requests to the endpoints, and makes their responses.

use std::convert::Infallible;

use hyper::body::{Bytes, HttpBody};
use hyper::header::{HeaderName, HeaderValue, ALLOW, CONTENT_TYPE};
use hyper::{Body, Method, Request, Response, StatusCode};
use serde::Serialize;

use crate::{cpu, items, zlib};

/// Longest request head. hyper's own limit is the size of its read buffer, which also holds bodies: lowering that to
/// this limit would split large bodies into small pieces.
const HEAD_LIMIT: usize = 16 << 10;

/// Longest request body, and longest output of /zlib/decompress.
pub const BODY_LIMIT: usize = 16 << 20;

/// Why an endpoint refuses a request: a status and a reason.
pub type Refusal = (StatusCode, &'static str);

#[derive(Serialize)]
struct Hello {
    message: &'static str,
}

#[derive(Serialize)]
struct Error {
    error: &'static str,
}

pub async fn respond(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    Ok(route(request).await.unwrap_or_else(|(status, reason)| refuse(status, reason)))
}

/// The size of the head, without the constant parts of its first line.
fn head_size(request: &Request<Body>) -> usize {
    let uri = request.uri();
    let target = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    // Each line has a colon, a space and CRLF.
    let line = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 4;
    target + request.headers().iter().map(line).sum::<usize>()
}

async fn route(request: Request<Body>) -> Result<Response<Body>, Refusal> {
    if head_size(&request) > HEAD_LIMIT {
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too long"));
    }
    // HEAD is handled as GET; hyper drops the body.
    let is_get = request.method() == Method::GET || request.method() == Method::HEAD;
    let is_post = request.method() == Method::POST;
    match request.uri().path() {
        "/plaintext" if is_get => Ok(text("Hello, World!")),
        "/json" if is_get => json(&Hello { message: "Hello, World!" }),
        "/json" if is_post => {
            let body = collect(request.into_body()).await?;
            json(&items::total(&items::parse(&body)?)?)
        }
        "/echo" if is_post => {
            let content_type = request.headers().get(CONTENT_TYPE).cloned();
            let body = collect(request.into_body()).await?;
            Ok(with_type(content_type, body.into()))
        }
        "/zlib/compress" if is_post => {
            let level = zlib::level(query(request.uri().query(), "level"))?;
            let body = collect(request.into_body()).await?;
            octets(zlib::compress(&body, level)?)
        }
        "/zlib/decompress" if is_post => {
            let body = collect(request.into_body()).await?;
            octets(zlib::decompress(&body)?)
        }
        "/cpu" if is_get => json(&cpu::longest_chain(query(request.uri().query(), "n"))?),
        "/healthz" if is_get => Ok(text("ok")),
        "/json" => Ok(not_allowed("GET, HEAD, POST")),
        "/plaintext" | "/cpu" | "/healthz" => Ok(not_allowed("GET, HEAD")),
        "/echo" | "/zlib/compress" | "/zlib/decompress" => Ok(not_allowed("POST")),
        _ => Err((StatusCode::NOT_FOUND, "unknown path")),
    }
}

/// The whole body; not copied if it arrived in one piece.
async fn collect(mut body: Body) -> Result<Bytes, Refusal> {
    const TOO_LONG: Refusal = (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long");
    let expected = body.size_hint().lower();
    if expected > BODY_LIMIT as u64 {
        return Err(TOO_LONG);
    }
    let first = match next(&mut body).await? {
        Some(piece) => piece,
        None => return Ok(Bytes::new()),
    };
    if body.is_end_stream() && first.len() <= BODY_LIMIT {
        return Ok(first);
    }
    let mut whole = Vec::with_capacity(expected.max(first.len() as u64) as usize);
    whole.extend_from_slice(&first);
    while let Some(piece) = next(&mut body).await? {
        if whole.len() + piece.len() > BODY_LIMIT {
            return Err(TOO_LONG);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, Refusal> {
    match body.data().await {
        None => Ok(None),
        Some(Ok(piece)) => Ok(Some(piece)),
        Some(Err(_)) => Err((StatusCode::BAD_REQUEST, "the body is incomplete")),
    }
}

/// The value of a parameter; None if it is missing.
fn query<'a>(query: Option<&'a str>, name: &str) -> Option<&'a str> {
    query?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn with_type(content_type: Option<HeaderValue>, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    if let Some(value) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

fn text(body: &'static str) -> Response<Body> {
    with_type(Some(HeaderValue::from_static("text/plain")), body.into())
}

fn octets(body: Vec<u8>) -> Result<Response<Body>, Refusal> {
    Ok(with_type(Some(HeaderValue::from_static("application/octet-stream")), body.into()))
}

fn json(value: &impl Serialize) -> Result<Response<Body>, Refusal> {
    let body = serde_json::to_vec(value)
        .map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "the response cannot be serialized"))?;
    Ok(with_type(Some(HeaderValue::from_static("application/json")), body.into()))
}

fn refuse(status: StatusCode, reason: &'static str) -> Response<Body> {
    let mut response = json(&Error { error: reason }).unwrap_or_default();
    *response.status_mut() = status;
    response
}

fn not_allowed(allow: &'static str) -> Response<Body> {
    let mut response =
        refuse(StatusCode::METHOD_NOT_ALLOWED, "this path does not allow the method");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}
