//! What Osmia's tests share: fixtures, kernel gates, and guards that clean up.
