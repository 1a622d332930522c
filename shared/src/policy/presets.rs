//! Shipped rule files that a policy can build on with `preset = "…"`, and the policy that holds before any is applied.

use super::words::words;

words! {
    /// A shipped rule file. Its rules join the file's own; its default and settings hold where the file says nothing.
    Preset, NotAPreset,
    "one of: mandatory, per-user, abnormal, nist-aal2, nist-aal3, pci-dss, asvs-l2, asvs-l3", {
        /// Everybody, at sign-in and at sensitive operations (W1, W11).
        Mandatory = "mandatory",
        /// Those with the flag `mfa-required` (W10).
        PerUser = "per-user",
        /// Unusual sign-ins only (W3).
        Abnormal = "abnormal",
        /// NIST SP 800-63B, AAL2.
        NistAal2 = "nist-aal2",
        /// NIST SP 800-63B, AAL3.
        NistAal3 = "nist-aal3",
        /// PCI DSS 4.0.1, requirement 8.
        PciDss = "pci-dss",
        /// OWASP ASVS 5, level 2.
        AsvsL2 = "asvs-l2",
        /// OWASP ASVS 5, level 3.
        AsvsL3 = "asvs-l3",
    }
}

/// The policy of a new installation, every key explained.
pub(super) const SHIPPED_DEFAULT: &str = include_str!("presets/default.toml");

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 8] = [
        Self::Mandatory,
        Self::PerUser,
        Self::Abnormal,
        Self::NistAal2,
        Self::NistAal3,
        Self::PciDss,
        Self::AsvsL2,
        Self::AsvsL3,
    ];

    /// The file as shipped.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Mandatory => include_str!("presets/mandatory.toml"),
            Self::PerUser => include_str!("presets/per-user.toml"),
            Self::Abnormal => include_str!("presets/abnormal.toml"),
            Self::NistAal2 => include_str!("presets/nist-aal2.toml"),
            Self::NistAal3 => include_str!("presets/nist-aal3.toml"),
            Self::PciDss => include_str!("presets/pci-dss.toml"),
            Self::AsvsL2 => include_str!("presets/asvs-l2.toml"),
            Self::AsvsL3 => include_str!("presets/asvs-l3.toml"),
        }
    }
}
