//! A macro that makes an error enum from a table. Each line of the table has a variant, its stable
//! code and its text.

macro_rules! reasons {
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $( $variant:ident, $code:literal, $text:literal; )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( #[doc = concat!("`", $code, "`: ", $text, ".")] $variant, )*
        }

        impl $name {
            /// All variants, in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// A stable snake_case code for logs and clients.
            #[must_use]
            pub const fn reason(&self) -> &'static str {
                match self { $( Self::$variant => $code, )* }
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(match self { $( Self::$variant => $text, )* })
            }
        }

        impl core::error::Error for $name {}
    };
}
