// The rules of RFC 9110 and 9112 for single requests, as a table: bytes in, status out, for pieces of every size.

#include <algorithm>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "server/net/http_session.h"

namespace assay::server {
namespace {

struct RfcCase {
  const char* name;
  std::string request;
  int status;
  bool stays_open = false;
};

std::string Get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string Post(const std::string& fields, const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}
std::string Chunked(const std::string& body) {
  return Post("Transfer-Encoding: chunked\r\n", body);
}

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

const RfcCase kCases[] = {
    // RFC 9112, 3.2: Host.
    {"HostMissing", "GET / HTTP/1.1\r\n\r\n", 400},
    {"HostDoubled", Get("Host: h\r\n"), 400},
    {"HostDoubledOtherCase", Get("hOST: x\r\n"), 400},
    {"HostWithSpace", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"HostWithUser", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"HostWithBadPort", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
    {"HostEmpty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200, true},
    {"HostIpv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200, true},
    {"HostIpv6Impossible", "GET / HTTP/1.1\r\nHost: [zz]\r\n\r\n", 400},
    {"HostIpv6OfColons", "GET / HTTP/1.1\r\nHost: [::::]\r\n\r\n", 400},
    {"HostMissingInHttp10", "GET / HTTP/1.0\r\n\r\n", 200},
    // RFC 9112, 5: field lines.
    {"FieldNameEmpty", Get(": x\r\n"), 400},
    {"FieldNameWithSpace", Get("A B: x\r\n"), 400},
    {"FieldNameWithControl", Get("A\x01: x\r\n"), 400},
    {"FieldNameNotToken", Get("A(: x\r\n"), 400},
    {"FieldNameUtf8", Get("\xc3\xa4: x\r\n"), 400},
    {"SpaceBeforeColon", Get("A : x\r\n"), 400},
    {"TabBeforeColon", Get("A\t: x\r\n"), 400},
    {"NoColon", Get("NoColon\r\n"), 400},
    {"ObsFoldSpace", Get("A: x\r\n y\r\n"), 400},
    {"ObsFoldTab", Get("A: x\r\n\ty\r\n"), 400},
    {"ObsFoldAfterEmpty", Get("A:\r\n y\r\n"), 400},
    {"ObsFoldOfNothing", Get("A: x\r\n \r\n"), 400},
    {"ObsFoldOfLastHeader", "GET / HTTP/1.1\r\nHost: h\r\n\t\r\n\r\n", 400},
    {"ObsFoldOfLength", Post("Content-Length:\r\n 1\r\n", "x"), 400},
    {"ObsFoldOfCodings", Post("Transfer-Encoding: gzip,\r\n\tchunked\r\n", "0\r\n\r\n"), 400},
    {"SpaceBeforeFirstField", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
    {"FieldValueWithNul", Get(std::string("A: x\0y\r\n", 8)), 400},
    {"FieldValueWithBareCr", Get("A: x\ry\r\n"), 400},
    {"FieldValueWithDelete", Get("A: x\x7f\r\n"), 400},
    {"FieldValueLatin1", Get("A: \xe4\r\n"), 200, true},
    {"FieldValueWithTab", Get("A: x\ty\r\n"), 200, true},
    {"LengthBetweenTabs", Post("Content-Length:\t 1 \t\r\n", "\t"), 200, true},
    {"ChunkedBetweenTabs", Post("Transfer-Encoding:\tchunked\t\r\n", "1\r\n\t\r\n0\r\n\r\n"), 200,
     true},
    {"CloseBetweenTabs", Get("Connection:\tclose\t\r\n"), 200},
    {"FieldValueEmpty", Get("A:\r\nB:\t \r\n"), 200, true},
    // RFC 9112, 6: how long the body is.
    {"LengthDoubled", Post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), 400},
    {"LengthsDiffer", Post("Content-Length: 1\r\nContent-Length: 2\r\n", "x"), 400},
    {"LengthList", Post("Content-Length: 1, 1\r\n", "x"), 400},
    {"LengthSigned", Post("Content-Length: +1\r\n", "x"), 400},
    {"LengthNegative", Post("Content-Length: -1\r\n", "x"), 400},
    {"LengthHex", Post("Content-Length: 0x1\r\n", "x"), 400},
    {"LengthFraction", Post("Content-Length: 1.0\r\n", "x"), 400},
    {"LengthWithSpace", Post("Content-Length: 1 1\r\n", "x"), 400},
    {"LengthEmpty", Post("Content-Length:\r\n", "x"), 400},
    {"LengthBeyond64Bits", Post("Content-Length: 99999999999999999999\r\n", "x"), 400},
    {"LengthBeyondLimit", Post("Content-Length: 1001\r\n", "x"), 413},
    {"LengthJustFits", Post("Content-Length: 1000\r\n", std::string(1000, 'x')), 200, true},
    {"LengthZero", Post("Content-Length: 0\r\n", ""), 200, true},
    {"LengthLeadingZeroes", Post("Content-Length: 0001\r\n", "x"), 200, true},
    {"LengthMissing", Post("", ""), 200, true},
    {"LengthMissingBehindAnother", Post("", "") + Post("Content-Length: 1\r\n", "x"), 200, true},
    {"LengthMissingInHttp10", "POST / HTTP/1.0\r\n\r\n", 200},
    {"LengthMissingOfPut", "PUT / HTTP/1.1\r\nHost: h\r\n\r\n", 200, true},
    {"LengthOfGet", Get("Content-Length: 1\r\n") + "x", 200, true},
    {"LengthBesideChunked",
     Post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedBesideLength",
     Post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
    {"CodingUnknown", Post("Transfer-Encoding: gzip\r\n", ""), 400},
    {"CodingBeforeChunked", Post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
    {"ChunkedNotLast", Post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
    {"ChunkedTwice", Post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedTwiceInTwoLines",
     Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedIdentity", Post("Transfer-Encoding: identity\r\n", "x"), 400},
    {"ChunkedWithParameter", Post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n"), 400},
    {"ChunkedBehindControl",
     Post("Transfer-Encoding: \x0b"
          "chunked\r\n",
          "0\r\n\r\n"),
     400},
    {"CodingsOnTwoLines",
     Post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
    {"CodingAndSpaceBeforeColon", Post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
    {"CodingFolded", Post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedMisspelt", Post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
    {"ChunkedEmpty", Post("Transfer-Encoding:\r\n", ""), 400},
    {"ChunkedOtherCase", Post("TRANSFER-encoding: ChunKed\r\n", "0\r\n\r\n"), 200, true},
    {"ChunkedInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    // RFC 9112, 7.1: chunks.
    {"ChunkExtension", Chunked("1;a;b=c;d=\"e;\"\r\nx\r\n0;f\r\n\r\n"), 200, true},
    {"ChunkSpaceBeforeExtension", Chunked("1 ;a\r\nx\r\n0\r\n\r\n"), 200, true},
    {"ChunkExtensionBlanks", Chunked("1 ;\ta = b\t; c =\t\"d\" ;e\r\nx\r\n0\r\n\r\n"), 200, true},
    {"ChunkExtensionQuoted", Chunked("1;a=\"\t\\\"\\\\\xe4;\"\r\nx\r\n0;b=\"\"\r\n\r\n"), 200,
     true},
    {"ChunkExtensionOfLast", Chunked("1\r\nx\r\n0;\r\n\r\n"), 400},
    {"ChunkExtensionWithoutName", Chunked("1;\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionNameBlank", Chunked("1; \r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionNameDoubleSemicolon", Chunked("1;;a\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionNameNoToken", Chunked("1;a(b\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionNameQuoted", Chunked("1;\"a\"\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionNameEmpty", Chunked("1;=a\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionNameUtf8", Chunked("1;\xc3\xa4\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionTwoNames", Chunked("1;a b\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionValueEmpty", Chunked("1;a=\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionValueBlank", Chunked("1;a= ;b\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionValueNoToken", Chunked("1;a=b=c\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionTwoValues", Chunked("1;a=b c\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionQuoteOpen", Chunked("1;a=\"b\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionQuoteInToken", Chunked("1;a=b\"c\"\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionBehindQuote", Chunked("1;a=\"b\"c\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionEscapedCr", Chunked("1;a=\"\\\r\n\"\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionEscapedDelete", Chunked("1;a=\"\\\x7f\"\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionControl", Chunked("1;a=\"\x01\"\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionNameThenBlank", Chunked("1;a \r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionTokenThenBlank", Chunked("1;a=b\t\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionQuotedThenBlank", Chunked("1;a=\"b\" \r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkSpaceWithoutExtension", Chunked("1 \t\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkLastSpaceWithoutExtension", Chunked("1\r\nx\r\n0 \r\n\r\n"), 400},
    {"ChunkSizeLeadingZeros", Chunked(std::string(30, '0') + "1\r\nx\r\n0\r\n\r\n"), 200, true},
    {"ChunkSizeZerosBeyondLimit", Chunked(std::string(600, '0')), 431},
    {"ChunkTrailerNameEmpty", Chunked("0\r\n: b\r\n\r\n"), 400},
    {"ChunkTrailerSpaceBeforeColon", Chunked("0\r\nA : b\r\n\r\n"), 400},
    {"ChunkTrailerNoColon", Chunked("0\r\nA\r\n\r\n"), 400},
    {"ChunkTrailerControl", Chunked("0\r\nA: \x01\r\n\r\n"), 400},
    {"ChunkTrailerEndsInLf", Chunked("0\r\nA: b\n\r\n"), 400},
    {"ChunkLastLineIsLf", Chunked("0\r\n\n"), 400},
    {"ChunkSpaceBeforeWord", Chunked("1 a\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkSpaceInSize", Chunked("1 1\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkTrailer", Chunked("0\r\nA: b\r\nC:\r\n\r\n"), 200, true},
    {"ChunkTrailerFolded", Chunked("0\r\nA: b\r\n c\r\n\r\n"), 400},
    {"ChunkSizeEmpty", Chunked("\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkSizeSigned", Chunked("+1\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkSizePrefixed", Chunked("0x1\r\nx\r\n0\r\n\r\n"), 400},
    {"ChunkSizeBeyond64Bits", Chunked("10000000000000001\r\nx"), 400},
    {"ChunkSizeBeyondLimit", Chunked("3e9\r\n"), 413},
    {"ChunkTooLong", Chunked("1\r\nxy\r\n0\r\n\r\n"), 400},
    {"ChunkEndsInLf", Chunked("1\nx\n0\n\n"), 400},
    {"ChunkExtensionWithLf", Chunked("1;a\nx\r\n0\r\n\r\n"), 400},
    {"ChunkExtensionsBeyondLimit", Chunked("1;" + std::string(600, 'e')), 431},
    {"ChunkTrailersBeyondLimit", Chunked("0\r\nA: " + std::string(600, 'e')), 431},
    // RFC 9110, 10.1.1: Expect.
    {"ExpectUnknown", Post("Expect: tea\r\nContent-Length: 1\r\n", "x"), 417},
    {"ExpectInHttp10", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
     200},
    {"ExpectWithoutBody", Get("Expect: 100-continue\r\n"), 200, true},
    // RFC 9112, 3: the request line.
    {"MethodUnknown", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    {"MethodLowerCase", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    {"MethodLonger", "GETS / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    {"MethodNotToken", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"MethodConnect", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
    {"MethodOther", "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n", 200, true},
    {"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
    {"TwoSpaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"TwoSpacesBehind", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"TabInLine", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"SpaceAtEnd", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
    {"AbsoluteForm", "GET http://other:80/ HTTP/1.1\r\nHost: h\r\n\r\n", 200, true},
    {"AbsoluteFormNoHost", "GET http://other/ HTTP/1.1\r\n\r\n", 400},
    {"AbsoluteFormOtherScheme", "GET ftp://other/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"AbsoluteFormOfHttps", "GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 421},
    {"AsteriskForm", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 200, true},
    {"AsteriskFormOfGet", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"AuthorityFormOfGet", "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"RelativeTarget", "GET json HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"FragmentInTarget", "GET /#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"BrokenPercent", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"ControlInTarget", "GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"Utf8InTarget", "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"Http09", "GET /\r\n\r\n", 400},
    {"Http20", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
    {"Http12", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 200, true},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"ProtocolLowerCase", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
    {"ProtocolOther", "GET / RTSP/1.0\r\nHost: h\r\n\r\n", 400},
    {"VersionTooLong", "GET / HTTP/1.11\r\nHost: h\r\n\r\n", 400},
    {"UpgradeIsIgnored", Get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), 200, true},
    // RFC 9112, 9.3: whether the connection stays.
    {"CloseWinsInHttp10", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", 200},
    {"CloseWinsOnTwoLines", "GET / HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n",
     200},
    {"CloseInAListInAnyCase", Get("connection: Close, x\r\n"), 200},
    {"CloseOnTheSecondLine", Get("Connection: keep-alive\r\nConnection: close\r\n"), 200},
    {"CloseQuotedIsNone", Get("Connection: \"close\"\r\n"), 200, true},
    {"KeepAliveInHttp10", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", 200, true},
    {"ProxyConnectionClose", Get("Proxy-Connection: close\r\n"), 200, true},
    {"ProxyConnectionKeepAlive", "GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", 200},
    {"BareCrBefore", "\r" + Get(""), 400},
    {"BareCrBehindEmptyLine", "\r\n\r\r\n" + Get(""), 400},
    // No CR without LF stands anywhere (RFC 9112, 2.2).
    {"BareCrInMethod", "GE\rT / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"BareCrInTarget", "GET /\rx HTTP/1.1\r\nHost: h\r\n\r\n", 400},
    {"BareCrForALineEnd", "GET / HTTP/1.1\rHost: h\r\n\r\n", 400},
    {"BareCrBehindRequestLine", "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400},
    {"BareCrInFieldName", Get("A\r: x\r\n"), 400},
    {"BareCrBeforeFieldValue", Get("A:\rx\r\n"), 400},
    {"BareCrBehindFieldValue", Get("A: x\r\r\n"), 400},
    {"BareCrBehindHead", Get("\r"), 400},
    {"BareCrInLength", Post("Content-Length: 1\r1\r\n", "x"), 400},
    {"BareCrBehindLength", Post("Content-Length: 1\r\r\n", "x"), 400},
    {"BareCrInCoding", Post("Transfer-Encoding: chun\rked\r\n", "0\r\n\r\n"), 400},
    {"BareCrBehindCoding", Post("Transfer-Encoding: chunked\r\r\n", "0\r\n\r\n"), 400},
    {"BareCrBehindConnection", Get("Connection: close\r\r\n"), 400},
    {"BareCrBehindChunkSize", Chunked("1\r\r\nx\r\n0\r\n\r\n"), 400},
    {"BareCrInChunkExtension", Chunked("1;a\rb\r\nx\r\n0\r\n\r\n"), 400},
    {"BareCrBehindChunk", Chunked("1\r\nx\r\r\n0\r\n\r\n"), 400},
    {"BareCrInTrailer", Chunked("0\r\nA: b\rc\r\n\r\n"), 400},
    {"BareCrBehindTrailers", Chunked("0\r\n\r\r\n"), 400},
    {"EmptyLinesBefore", "\r\n\r\n" + Get(""), 200, true},
    // RFC 9112, 2.2: a line ends in CRLF; no LF alone ends one, wherever it stands.
    {"LfBefore", "\n" + Get(""), 400},
    {"LfBehindEmptyLine", "\r\n\n" + Get(""), 400},
    {"LfEndsRequestLine", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400},
    {"LfEndsRequestLineOfHttp10", "GET / HTTP/1.0\n\n", 400},
    {"LfEndsRequestLineWithoutFields", "GET / HTTP/1.0\n\r\n", 400},
    {"LfEndsFieldLine", "GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", 400},
    {"LfEndsFieldLineWithoutValue", "GET / HTTP/1.1\r\nHost:\nA: b\r\n\r\n", 400},
    {"LfEndsLastFieldLine", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400},
    {"LfEndsHead", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
    {"LfEndsHeadWithoutFields", "GET / HTTP/1.0\r\n\n", 400},
    {"LfEndsAllLines", "GET / HTTP/1.1\nHost: h\n\n", 400},
    {"LfEndsLengthLine", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\n\r\nx", 400},
    {"LfEndsCodingLine", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\n\r\n0\r\n\r\n",
     400},
    {"LfEndsConnectionLine", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\n\r\n", 400},
    // Limits: 512 bytes of head here.
    {"TargetTooLong", "GET /" + std::string(300, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
    {"TargetEndless", "GET /" + std::string(600, 'x'), 414},
    {"FieldEndless", Get("A: " + std::string(600, 'x')), 431},
    {"FieldsEndless", Get(Repeated("A:b\r\n", 100)), 431},
    {"HeadJustFits", Get("A: " + std::string(512 - 32, 'x') + "\r\n"), 200, true},
    {"HeadByOneTooLarge", Get("A: " + std::string(512 - 31, 'x') + "\r\n"), 431},
};

struct Outcome {
  int status = 0;
  bool open = false;
};

Outcome Respond(std::string_view input, size_t step) {
  const HttpLimits limits{.max_head = 512, .max_body = 1000};
  SessionContext context{
      .limits = limits, .handler = [](const HttpRequest&, HttpResponse&) {}, .date = {}};
  HttpSession session;
  Intake intake(limits);
  ResponseBatch batch;
  HttpSession::Next next = HttpSession::Next::kRead;
  for (size_t at = 0; at < input.size() && next == HttpSession::Next::kRead; at += step) {
    intake.bytes.Append(input.substr(at, step));
    next = session.Respond(context, intake, batch);
  }
  Outcome outcome;
  outcome.open = next == HttpSession::Next::kRead;
  if (batch.bytes.size() > 12)
    outcome.status = std::stoi(std::string(batch.bytes.view().substr(9, 3)));
  return outcome;
}

class RfcCasesTest : public ::testing::TestWithParam<RfcCase> {};

TEST_P(RfcCasesTest, IsAnsweredAsTheRfcSays) {
  const RfcCase& c = GetParam();
  for (const size_t step : {c.request.size(), size_t{1}, size_t{3}, size_t{50}}) {
    const Outcome outcome = Respond(c.request, step);
    EXPECT_EQ(outcome.status, c.status) << c.request << "\nin steps of " << step;
    EXPECT_EQ(outcome.open, c.stays_open) << c.request << "\nin steps of " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(All, RfcCasesTest, ::testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace assay::server
