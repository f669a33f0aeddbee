//! Log records of a library, handed to the host as owned values.

use crate::library::HostLink;

/// Makes everything that this image logs go to the host.
pub(crate) fn forward_to(_link: &HostLink) {}
