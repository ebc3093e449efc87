//! The zlib endpoints, by flate2 over the system's zlib.

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Decompress, FlushDecompress, Status};
use hyper::StatusCode;

use crate::endpoints::{Refusal, BODY_LIMIT};

const DEFAULT_LEVEL: u32 = 6;

/// The compression level in the text of the parameter.
pub fn level(text: Option<&str>) -> Result<Compression, Refusal> {
    let level = match text.map(str::as_bytes) {
        None => DEFAULT_LEVEL,
        Some([digit @ b'0'..=b'9']) => u32::from(digit - b'0'),
        Some(_) => return Err((StatusCode::BAD_REQUEST, "level must be a number from 0 to 9")),
    };
    Ok(Compression::new(level))
}

pub fn compress(body: &[u8], level: Compression) -> Result<Vec<u8>, Refusal> {
    let mut encoder = ZlibEncoder::new(Vec::new(), level);
    encoder
        .write_all(body)
        .and_then(|()| encoder.finish())
        .map_err(|_| (StatusCode::INTERNAL_SERVER_ERROR, "zlib could not compress the body"))
}

/// Inflates exactly one complete stream. (flate2's readers accept a truncated one.)
pub fn decompress(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    const CORRUPT: Refusal = (StatusCode::BAD_REQUEST, "the body is not one whole zlib stream");
    let mut stream = Decompress::new(true);
    let mut output = Vec::with_capacity(body.len().saturating_mul(4).clamp(1 << 10, BODY_LIMIT));
    loop {
        let remaining = &body[stream.total_in() as usize..];
        let status = stream
            .decompress_vec(remaining, &mut output, FlushDecompress::None)
            .map_err(|_| CORRUPT)?;
        if output.len() > BODY_LIMIT {
            return Err((
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body inflates to more than this server accepts",
            ));
        }
        match status {
            Status::StreamEnd if stream.total_in() == body.len() as u64 => return Ok(output),
            Status::StreamEnd => return Err(CORRUPT),
            // One byte beyond the limit shows that it is exceeded.
            _ if output.len() == output.capacity() => {
                output.reserve_exact(output.len().clamp(1, BODY_LIMIT + 1 - output.len()));
            }
            // The output has room left, so the input has ended.
            _ => return Err(CORRUPT),
        }
    }
}
