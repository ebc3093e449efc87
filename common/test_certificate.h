#ifndef ASSAY_COMMON_TEST_CERTIFICATE_H_
#define ASSAY_COMMON_TEST_CERTIFICATE_H_

#include <string>

namespace assay {

// In PEM.
struct TestCertificate {
  std::string certificate;
  std::string key;
};

// A new key, and a certificate of it by itself. `names`: what it is for, as OpenSSL writes a subjectAltName:
// "DNS:a.example,IP:127.0.0.1".
TestCertificate MakeTestCertificate(const std::string& names);

}  // namespace assay

#endif  // ASSAY_COMMON_TEST_CERTIFICATE_H_
