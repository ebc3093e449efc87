#ifndef ASSAY_COMMON_TEST_CERTIFICATE_H_
#define ASSAY_COMMON_TEST_CERTIFICATE_H_

#include <string>

namespace assay {

// In PEM.
struct TestCertificate {
  std::string certificate;
  std::string key;
};

// A new key with a self-signed certificate. `names`: the subjectAltName in OpenSSL's format:
// "DNS:a.example,IP:127.0.0.1".
TestCertificate MakeTestCertificate(const std::string& names);

}  // namespace assay

#endif  // ASSAY_COMMON_TEST_CERTIFICATE_H_
